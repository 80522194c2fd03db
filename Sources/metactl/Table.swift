internal import JSON

/// Rows under headings, aligned for a person.
struct Table {
  private let headings: [String]
  /// Columns of free text, which give way first when a screen is too narrow: the others are there to be copied.
  private let texts: Set<String>
  private var rows: [[String]] = []

  init(_ headings: [String], texts: Set<String> = []) { (self.headings, self.texts) = (headings, texts) }

  mutating func add(_ cells: [String?]) { rows.append(cells.map { ($0 ?? "–").visible }) }

  var isEmpty: Bool { rows.isEmpty }

  /// Prints it, or where there is no row that sentence.
  func show(orSay sentence: String) throws(Terminal.Unwritten) {
    if isEmpty { try Terminal.say(sentence) } else { try Terminal.say(lines()) }
  }

  /// - Parameter width: of the screen, on which no line is longer, as far as texts can give way. `nil`: there is none.
  func lines(width: Int? = Terminal.width) -> [Line] {
    let all = [headings] + rows
    var widths = headings.indices.map { column in all.map { $0[column].columns }.max() ?? 0 }
    if let width {
      let elastic = headings.indices.filter { texts.contains(headings[$0]) }
      while widths.reduce(0, +) + 2 * (widths.count - 1) > width,
        let widest = elastic.max(by: { widths[$0] < widths[$1] }), widths[widest] > 8
      {
        widths[widest] -= 1
      }
    }
    return all.enumerated().map { number, row in
      var line = zip(row, widths).map { $0.shortened(toColumns: $1).padded(toColumns: $1) }.joined(
        separator: "  ")
      while line.last == " " { line.removeLast() }
      return Line(line, number == 0 ? .strong : nil)
    }
  }
}
