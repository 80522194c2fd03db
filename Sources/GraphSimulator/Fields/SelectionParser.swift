/// Reads a `fields` parameter. Bytes, not characters: everything that has a meaning here is ASCII.
struct SelectionParser {
  private let bytes: [UInt8]
  private var position = 0

  /// Graph does not say how deep it goes; deeper than this is nobody's wish.
  private static let maximumDepth = 16

  private init(_ text: String) { bytes = Array(text.utf8) }

  /// The selection of `text`.
  static func parse(_ text: String) throws(Refusal) -> Selection {
    var parser = SelectionParser(text)
    let selection = try parser.list(depth: 0)
    guard parser.position == parser.bytes.count else {
      throw parser.syntaxError("Expected end of string instead of \"\(parser.rest(1))\".")
    }
    return selection
  }

  private mutating func list(depth: Int) throws(Refusal) -> Selection {
    guard depth < Self.maximumDepth else { throw syntaxError("Too many levels of nesting.") }
    var fields: [Selection.Field] = []
    skipSpaces()
    // `{}` and an empty parameter ask for nothing in particular.
    if position == bytes.count || next == UInt8(ascii: "}") { return Selection(fields: []) }
    repeat {
      fields.append(try field(depth: depth))
      skipSpaces()
    } while take(",")
    return Selection(fields: fields)
  }

  private mutating func field(depth: Int) throws(Refusal) -> Selection.Field {
    var field = Selection.Field(name: try name())
    while true {
      skipSpaces()
      if take(".") {
        let modifier = try name()
        guard take("(") else { throw syntaxError("Expected \"(\".") }
        let argument = try argument()
        if modifier == "fields" {
          field.selection = try SelectionParser.parse(argument)
        } else {
          field.modifiers.append(Selection.Modifier(name: modifier, argument: argument))
        }
      } else if take("{") {
        field.selection = try list(depth: depth + 1)
        skipSpaces()
        guard take("}") else { throw syntaxError("Expected \"}\".") }
      } else {
        return field
      }
    }
  }

  private mutating func name() throws(Refusal) -> String {
    skipSpaces()
    let start = position
    while let byte = next, isNameByte(byte) { position += 1 }
    guard position > start else { throw syntaxError("Expected name.") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// Up to the parenthesis that closes; cursors and numbers contain none, `fields(a,b.limit(2))` does.
  private mutating func argument() throws(Refusal) -> String {
    let start = position
    var open = 1
    while let byte = next {
      if byte == UInt8(ascii: "(") { open += 1 }
      if byte == UInt8(ascii: ")") { open -= 1 }
      position += 1
      if open == 0 { return String(decoding: bytes[start..<position - 1], as: UTF8.self) }
    }
    throw syntaxError("Expected \")\".")
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private mutating func skipSpaces() {
    while next == UInt8(ascii: " ") || next == UInt8(ascii: "\n") { position += 1 }
  }

  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  private func rest(_ count: Int? = nil) -> String {
    let rest = bytes[position...]
    return String(decoding: count.map { rest.prefix($0) } ?? rest, as: UTF8.self)
  }

  private func syntaxError(_ what: String) -> Refusal {
    Refusal(2500, "Syntax error \"\(what)\" at character \(position): \(rest())")
  }
}
