/// One thing that `metactl doctor` or `metactl status` has looked at.
package struct Finding: Sendable, Equatable {
  package enum Level: Int, Sendable, Comparable {
    case ok
    /// It works, and somebody should look at it.
    case warning
    case trouble

    package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
  }

  /// What was looked at, in two words at most: `data folder`.
  package let check: String
  package let level: Level
  package let detail: String
  /// What to do; always there unless the level is `ok`.
  package let remedy: String?

  static func ok(_ check: String, _ detail: String) -> Finding {
    Finding(check: check, level: .ok, detail: detail, remedy: nil)
  }

  static func warning(_ check: String, _ detail: String, _ remedy: String) -> Finding {
    Finding(check: check, level: .warning, detail: detail, remedy: remedy)
  }

  static func trouble(_ check: String, _ detail: String, _ remedy: String) -> Finding {
    Finding(check: check, level: .trouble, detail: detail, remedy: remedy)
  }

  static func version(_ wanted: String, isAnsweredBy other: String, _ check: String) -> Finding {
    .warning(
      check, "Graph has no \(wanted) any more and answers with \(other).",
      "Set META_GRAPH_VERSION to a living version, and look at Meta's changelog in between.")
  }
}

extension [Finding] {
  mutating func warning(_ check: String, _ detail: String, _ remedy: String) {
    append(.warning(check, detail, remedy))
  }

  mutating func trouble(_ check: String, _ detail: String, _ remedy: String) {
    append(.trouble(check, detail, remedy))
  }
}

extension Sequence<Finding> {
  package var worst: Finding.Level { map(\.level).max() ?? .ok }
}
