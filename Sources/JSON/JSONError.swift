/// Why a text is not JSON, or not the JSON that we accept.
///
/// Clients see the message as `JSON parse error - …`, so the wording is that of Python's `json` module, which
/// the clients of the original know. No message quotes the text: a body may hold a token.
package enum JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The text is not JSON, or not what is accepted of it, from there on.
  case malformed(String, at: JSONPosition)
  /// More elements and members than the caller wants to keep.
  case tooManyValues(limit: Int)
  /// Which bytes, counted from 0, and why.
  case notUTF8(String)

  /// One sentence for the client, such as `Expecting value: line 1 column 1 (char 0)`.
  package var description: String {
    switch self {
    case .malformed(let what, let position): "\(what): \(position)"
    case .tooManyValues(let limit): "More than \(limit) elements and members"
    case .notUTF8(let what): "'utf-8' codec can't decode \(what)"
    }
  }
}
