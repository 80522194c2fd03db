internal import Glibc

/// Colours, where a person reads: on a terminal, unless NO_COLOR is set (https://no-color.org) or it has none.
struct Style {
  private let isColoured: Bool

  /// For standard output.
  static let output = Style(isColoured: isatty(STDOUT_FILENO) == 1 && allowsColours)

  private static var allowsColours: Bool {
    if let refusal = getenv("NO_COLOR"), refusal.pointee != 0 { return false }
    return getenv("TERM").map { String(cString: $0) != "dumb" } ?? false
  }

  func good(_ text: String) -> String { coloured(text, 32) }
  func warning(_ text: String) -> String { coloured(text, 33) }
  func bad(_ text: String) -> String { coloured(text, 31) }
  func strong(_ text: String) -> String { coloured(text, 1) }

  private func coloured(_ text: String, _ code: Int) -> String {
    isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
