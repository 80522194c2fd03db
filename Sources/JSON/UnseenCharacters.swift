extension Unicode.Scalar {
  /// Whether a terminal, or a person who reads there, would be deceived by it: it moves the cursor, begins an escape
  /// sequence, turns the direction of writing round, breaks the line, or cannot be seen at all.
  ///
  /// Names come from Graph and from clients; whoever chose one must not choose what the operator's terminal does.
  package var isUnseen: Bool {
    // ASCII and the letters of most texts are decided without a look into the tables.
    if value < 0x7F { return value < 0x20 }
    if value < 0xAD { return value <= 0x9F }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: return true
    // Joiners make one picture of several emoji, and Persian and Indic words what they are.
    case .format: return value != 0x200C && value != 0x200D
    default: return properties.isDefaultIgnorableCodePoint && !properties.isVariationSelector
    }
  }
}

extension String {
  /// The text for a terminal or a log: what is not seen is written as JSON writes it, `\u001b`.
  package var visible: String {
    guard unicodeScalars.contains(where: \.isUnseen) else { return self }
    var result: [UInt8] = []
    for scalar in unicodeScalars {
      if scalar.isUnseen {
        result += JSONValue.string(String(scalar)).serialized(escaping: .unseen).dropFirst().dropLast()
      } else {
        result += String(scalar).utf8
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
