/// Rows under headings, aligned for a person.
struct Table {
  private let headings: [String]
  private var rows: [[String]] = []

  init(_ headings: [String]) { self.headings = headings }

  mutating func add(_ cells: [String?]) {
    // A control byte in a name would move the cursor of the terminal that it is printed on.
    rows.append(cells.map { cell in String(String.UnicodeScalarView((cell ?? "–").unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })) })
  }

  var isEmpty: Bool { rows.isEmpty }

  /// The lines; columns are two spaces apart.
  var text: String {
    let all = [headings] + rows
    let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
      let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}
