/// One thing that `metactl doctor` or `metactl status` has looked at.
package struct Finding: Sendable, Equatable {
  /// How bad it is.
  package enum Level: Int, Sendable, Comparable {
    /// As it should be.
    case ok
    /// It works, and somebody should look at it.
    case warning
    /// Something does not work.
    case trouble

    /// `ok`, `warning`, `trouble`.
    package var word: String { self == .ok ? "ok" : self == .warning ? "warning" : "trouble" }

    /// Less bad is less.
    package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
  }

  /// What was looked at, in two words at most: `data folder`.
  package let check: String
  /// How bad it is.
  package let level: Level
  /// What was found.
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
}

extension Sequence<Finding> {
  /// The worst of them.
  package var worst: Finding.Level { map(\.level).max() ?? .ok }
}
