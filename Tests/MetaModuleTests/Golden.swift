import Foundation
import JSON
import Testing

/// The answers that are kept beside the tests, byte for byte, in `Golden/`.
///
/// `META_RECORD_GOLDEN=1` writes them anew, and fails, so that a recording cannot pass for a check.
enum Golden {
  /// Compares an answer with the file of that name; both end without a line break, the file has one more.
  static func expect(
    _ answer: Answer, is name: String, location: SourceLocation = #_sourceLocation
  ) throws {
    let file = folder.appending(path: "\(name).json")
    if ProcessInfo.processInfo.environment["META_RECORD_GOLDEN"] != nil {
      try Data((answer.text + "\n").utf8).write(to: file)
      Issue.record("\(name).json was recorded; look at what changed.", sourceLocation: location)
      return
    }
    #expect(answer.text + "\n" == (try text(name)), sourceLocation: location)
  }

  /// The value in the file of that name.
  static func value(_ name: String) throws -> JSONValue {
    try JSONValue(parsing: Array(text(name).utf8))
  }

  private static func text(_ name: String) throws -> String {
    try String(contentsOf: folder.appending(path: "\(name).json"), encoding: .utf8)
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
}
