extension Character {
  /// How many columns it takes on a terminal: 2 for East Asian wide ones and emoji, 0 for a mark without a letter, else 1.
  ///
  /// glibc's `wcwidth` would know, but only under a UTF-8 locale that is installed, and cron has none.
  var columns: Int {
    guard let first = unicodeScalars.first else { return 0 }
    if first.value < 0x300 { return unicodeScalars.contains { $0.value == 0xFE0F } ? 2 : 1 }
    // Two letters of a flag are one picture; so is what a selector turns into an emoji.
    if unicodeScalars.dropFirst().contains(where: { $0.value == 0xFE0F || $0.isRegionalIndicator }) {
      return 2
    }
    if first.isWide || first.properties.isEmojiPresentation { return 2 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return 1
    }
  }
}

extension String {
  /// How many columns it takes on a terminal.
  var columns: Int { reduce(0) { $0 + $1.columns } }

  /// No more than so many columns of it, with `…` for what is left out.
  func shortened(toColumns limit: Int) -> String {
    guard columns > limit else { return self }
    var (kept, width) = ("", 0)
    for character in self {
      width += character.columns
      guard width < limit else { break }
      kept.append(character)
    }
    return kept + "…"
  }

  /// The text and as many spaces as are missing.
  func padded(toColumns width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - columns))
  }

  /// The words in lines of at most so many columns; a word that is longer stands on a line of its own.
  func wrapped(toColumns limit: Int) -> [String] {
    var (lines, line) = ([String](), "")
    for word in split(separator: " ").map(String.init) {
      if !line.isEmpty, line.columns + 1 + word.columns > limit {
        lines.append(line)
        line = word
      } else {
        line += line.isEmpty ? word : " " + word
      }
    }
    return lines + [line]
  }
}

extension Unicode.Scalar {
  fileprivate var isRegionalIndicator: Bool { (0x1F1E6...0x1F1FF).contains(value) }

  /// The blocks whose characters Unicode Standard Annex #11 calls wide or fullwidth; emoji are known by their property.
  fileprivate var isWide: Bool {
    switch value {
    case 0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97C,
      0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
      0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
