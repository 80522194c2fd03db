internal import JSON

/// One line for a person: text in pieces, some of which are coloured where a person reads.
///
/// The colours are kept apart from the text, so that the door to the terminal can refuse every escape sequence that a name
/// brings along.
struct Line {
  /// The number is that of the escape sequence (ECMA-48, 8.3.117).
  enum Style: Int { case strong = 1, bad = 31, good = 32, warning = 33 }

  private(set) var pieces: [(text: String, style: Style?)]

  init(_ text: String, _ style: Style? = nil) { pieces = [(text, style)] }

  static func + (left: Line, right: Line) -> Line {
    var line = left
    line.pieces += right.pieces
    return line
  }

  /// What is sent: nothing in it moves the cursor.
  func text(coloured: Bool) -> String {
    pieces.map { piece in
      let text = piece.text.visible
      guard coloured, let style = piece.style else { return text }
      return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }.joined()
  }
}
