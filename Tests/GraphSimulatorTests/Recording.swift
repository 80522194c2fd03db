internal import Foundation

/// Recorded answers of Graph.
enum Recording {
  /// The bytes as they were on the wire: each file has one newline more.
  static func bytes(_ name: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = folder.appendingPathComponent("Fixtures/Graph/\(name)")
    return try Array(Data(contentsOf: file).dropLast())
  }

  static func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }
}
