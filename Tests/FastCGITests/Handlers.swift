import System

@testable import FastCGI

/// A handler that all workers use at once.
typealias SharedHandler = @Sendable (inout Exchange) -> Void

/// What the tests' server answers.
enum Handlers {
  /// The body as it was understood: `complete:…`, `too large` or `incomplete`.
  static let body: SharedHandler = { exchange in
    let text =
      switch exchange.readBody(limit: 64) {
      case .complete(let bytes): "complete:" + String(decoding: bytes, as: UTF8.self)
      case .tooLarge: "too large"
      case .incomplete: "incomplete"
      case .lengthRequired: "length required"
      }
    exchange.write([], Array(text.utf8))
  }

  /// The path, without a look at the body.
  static let path: SharedHandler = { exchange in
    exchange.write([], Array((exchange.parameter("PATH_INFO") ?? "-").utf8))
  }

  /// As many bytes as the path's number says.
  static let size: SharedHandler = { exchange in
    let count = exchange.parameter("PATH_INFO").flatMap { Int($0.dropFirst()) } ?? 0
    exchange.write([], [UInt8](repeating: UInt8(ascii: "x"), count: count))
  }
}

/// What handlers on several threads saw.
final class Seen: Sendable {
  private let values = Guarded<[String]>([])

  func add(_ value: String) { values.withLock { $0.append(value) } }
  var all: [String] { values.withLock { $0 } }
}
