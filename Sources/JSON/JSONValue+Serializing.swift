/// Which characters of a string are written as escapes, beyond those that JSON demands.
package enum Escaping: Sendable {
  /// None: UTF-8 as it is, `/` plain. Our answers.
  case standard
  /// `\/`, and `\uXXXX` for everything that is not ASCII. The form in which Graph sends its answers.
  case ascii
  /// `\uXXXX` for what a terminal would obey or a person could not see: the same value, for a screen or a log.
  case unseen
}

extension JSONValue {
  /// The compact text: no white space, members in their order, numbers as they were written.
  package func serialized(escaping: Escaping = .standard) -> [UInt8] {
    var writer = JSONWriter(escaping: escaping)
    writer.write(self)
    return writer.output
  }

  package func serializedText(escaping: Escaping = .standard) -> String {
    String(decoding: serialized(escaping: escaping), as: UTF8.self)
  }
}
