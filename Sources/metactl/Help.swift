/// The parser's texts, whose usage lines are as long as they have options.
enum Help {
  /// The same with usage lines that fit the screen, and 80 columns.
  static func text(_ message: String, columns: Int = min(80, Terminal.width ?? 80)) -> String {
    message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).map { line in
      guard line.count > columns, line.lowercased().hasPrefix("usage: ") else { return line }
      // `[--config <file>]` stays in one piece.
      let words = line.split(separator: " ").reduce(into: "") { words, word in
        let isValue = word.first == "<" && !words.isEmpty && words.last != ">"
        words += (words.isEmpty ? "" : isValue ? "\u{A0}" : " ") + word
      }
      let lines = words.wrapped(toColumns: columns - 9).map {
        $0.split(separator: "\u{A0}").joined(separator: " ")
      }
      return lines.enumerated().map { ($0 > 0 ? "         " : "") + $1 }
        .joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
