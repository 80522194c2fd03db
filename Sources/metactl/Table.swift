/// Rows under headings, aligned for a person.
struct Table {
  private let headings: [String]
  private var rows: [[String]] = []

  init(_ headings: [String]) { self.headings = headings }

  mutating func add(_ cells: [String?]) { rows.append(cells.map { Self.printable($0 ?? "–") }) }

  var isEmpty: Bool { rows.isEmpty }

  /// The lines; columns are two spaces apart.
  var text: String {
    let all = [headings] + rows
    let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.enumerated().map { number, row in
      let cells = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      let line = String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
      return number == 0 ? Style.output.strong(line) : line
    }.joined(separator: "\n")
  }

  /// A control byte in a name would move the cursor of the terminal that it is printed on.
  static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }))
  }
}
