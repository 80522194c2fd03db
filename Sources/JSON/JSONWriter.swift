struct JSONWriter {
  private let escaping: Escaping
  private(set) var output: [UInt8] = []

  init(escaping: Escaping) { self.escaping = escaping }

  mutating func write(_ value: JSONValue) {
    switch value {
    case .null: output += "null".utf8
    case .bool(true): output += "true".utf8
    case .bool(false): output += "false".utf8
    case .number(let number): output += number.text.utf8
    case .string(let text), .damaged(let text, _): write(text)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        write(element)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let object):
      output.append(UInt8(ascii: "{"))
      for (index, member) in object.members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        write(member.key)
        output.append(UInt8(ascii: ":"))
        write(member.value)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  private mutating func write(_ text: String) {
    output.append(UInt8(ascii: "\""))
    switch escaping {
    case .standard:
      // Most strings need no escape: they are appended in one piece.
      var text = text
      text.withUTF8 { bytes in
        var plain = bytes.startIndex
        for index in bytes.indices where Self.mustBeEscaped(bytes[index]) {
          output += bytes[plain..<index]
          write(bytes[index])
          plain = index + 1
        }
        output += bytes[plain...]
      }
    case .ascii:
      // UTF-16 is what `\uXXXX` spells: a surrogate pair for everything beyond U+FFFF.
      for unit in text.utf16 {
        if unit < 0x80 { write(UInt8(unit)) } else { writeEscape(unit) }
      }
    case .unseen:
      for scalar in text.unicodeScalars {
        if scalar.value < 0x7F {
          write(UInt8(scalar.value))
        } else if scalar.isUnseen {
          for unit in String(scalar).utf16 { writeEscape(unit) }
        } else {
          output += String(scalar).utf8
        }
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  private static func mustBeEscaped(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func write(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): writeEscape(letter: byte)
    case UInt8(ascii: "/") where escaping == .ascii: writeEscape(letter: byte)
    case 0x08: writeEscape(letter: UInt8(ascii: "b"))
    case 0x0C: writeEscape(letter: UInt8(ascii: "f"))
    case 0x0A: writeEscape(letter: UInt8(ascii: "n"))
    case 0x0D: writeEscape(letter: UInt8(ascii: "r"))
    case 0x09: writeEscape(letter: UInt8(ascii: "t"))
    case 0..<0x20: writeEscape(UInt16(byte))
    default: output.append(byte)
    }
  }

  private mutating func writeEscape(letter: UInt8) {
    output.append(UInt8(ascii: "\\"))
    output.append(letter)
  }

  private mutating func writeEscape(_ unit: UInt16) {
    output += "\\u".utf8
    for shift: UInt16 in [12, 8, 4, 0] {
      let digit = UInt8(unit >> shift & 0xF)
      output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
  }
}
