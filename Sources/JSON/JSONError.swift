/// Why a text is not JSON, or not the JSON that we accept.
///
/// Clients see the message as `JSON parse error - …`, so the wording is that of Python's `json` module, which
/// the clients of the original know. No message quotes the text: a body may hold a token.
package enum JSONError: Error, Sendable, Equatable {
  /// Neither a string, a number, a literal, a list nor an object begins here.
  case expectingValue(at: JSONPosition)
  /// A member does not begin with a string.
  case expectingPropertyName(at: JSONPosition)
  /// No `:` behind a key.
  case expectingColon(at: JSONPosition)
  /// Neither a `,` nor the closing bracket behind an element or a member.
  case expectingComma(at: JSONPosition)
  /// Something behind the value.
  case extraData(at: JSONPosition)
  /// The text ends within the string that begins here.
  case unterminatedString(startingAt: JSONPosition)
  /// A byte below 0x20 within a string.
  case controlCharacter(at: JSONPosition)
  /// A `\` before a character that JSON does not escape.
  case invalidEscape(at: JSONPosition)
  /// A `\u` without four hexadecimal digits.
  case invalidUnicodeEscape(at: JSONPosition)
  /// One half of a surrogate pair, which no UTF-8 can hold.
  case unpairedSurrogate(at: JSONPosition)
  /// A key that its object already has.
  case duplicateKey(at: JSONPosition)
  /// More lists and objects within each other than are accepted.
  case nestingTooDeep(limit: Int, at: JSONPosition)
  /// More elements and members than the caller wants to keep.
  case tooManyValues(limit: Int)
  /// The text begins with a byte order mark.
  case byteOrderMark
  /// Bytes `first` to `last`, counted from 0, are not UTF-8; `byte` is the first of them.
  case notUTF8(first: Int, last: Int, byte: UInt8, reason: String)

  /// One sentence for the client, such as `Expecting value: line 1 column 1 (char 0)`.
  package var message: String {
    switch self {
    case .expectingValue(let position): "Expecting value: \(position)"
    case .expectingPropertyName(let position):
      "Expecting property name enclosed in double quotes: \(position)"
    case .expectingColon(let position): "Expecting ':' delimiter: \(position)"
    case .expectingComma(let position): "Expecting ',' delimiter: \(position)"
    case .extraData(let position): "Extra data: \(position)"
    case .unterminatedString(let position): "Unterminated string starting at: \(position)"
    case .controlCharacter(let position): "Invalid control character at: \(position)"
    case .invalidEscape(let position): "Invalid \\escape: \(position)"
    case .invalidUnicodeEscape(let position): "Invalid \\uXXXX escape: \(position)"
    case .unpairedSurrogate(let position): "Unpaired surrogate: \(position)"
    case .duplicateKey(let position): "Duplicate key: \(position)"
    case .nestingTooDeep(let limit, let position): "Nesting deeper than \(limit) levels: \(position)"
    case .tooManyValues(let limit): "More than \(limit) elements and members"
    case .byteOrderMark: "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"
    case .notUTF8(let first, let last, let byte, let reason):
      if first == last {
        "'utf-8' codec can't decode byte 0x\(String(byte, radix: 16)) in position \(first): \(reason)"
      } else {
        "'utf-8' codec can't decode bytes in position \(first)-\(last): \(reason)"
      }
    }
  }
}

extension JSONError: CustomStringConvertible {
  /// The message.
  package var description: String { message }
}
