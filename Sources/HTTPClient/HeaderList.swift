/// The header fields of an answer, in the order in which they came.
package struct HeaderList: Sendable, Sequence {
  private var fields: [(name: String, value: String)] = []

  /// The value of the first field of this name, upper and lower case alike; `nil` when there is none.
  package subscript(name: String) -> String? {
    fields.first { Self.areEqual($0.name, name) }?.value
  }

  /// Name and value of each field.
  package func makeIterator() -> some IteratorProtocol<(name: String, value: String)> {
    fields.makeIterator()
  }

  mutating func append(name: String, value: String) { fields.append((name, value)) }

  /// Compares bytes, and only ASCII letters without case: `String` would take the Kelvin sign for a `K`.
  static func areEqual(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count
      && zip(left.utf8, right.utf8).allSatisfy { lowercased($0) == lowercased($1) }
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
