internal import Text

/// A caption taken apart: its hashtags and mentions, and what is left without the hashtags at its end.
///
/// By Unicode scalars, since hashtags are in all the world's scripts. A caption has 2,200 of them at most.
struct Caption {
  /// Without `#`, each once.
  private(set) var hashtags: [String] = []
  /// Without `@`, each once.
  private(set) var mentions: [String] = []
  /// The text without white space and hashtags at its end.
  private(set) var short = ""

  init(_ text: String) {
    let scalars = Array(text.unicodeScalars)
    var tags: [Range<Int>] = []
    var index = 0
    while index < scalars.count {
      let start = index
      index += 1
      switch scalars[start] {
      case "#", "\u{FF03}":
        guard start == 0 || !Self.isOfWord(scalars[start - 1]) else { continue }
        while index < scalars.count, Self.isOfTag(scalars[index]) { index += 1 }
        // A sign of its own, or one that only joins others, is no tag.
        guard scalars[(start + 1)..<index].contains(where: Self.isOfWord) else { continue }
        tags.append(start..<index)
        hashtags.append(Self.text(scalars[(start + 1)..<index]))
      case "@":
        guard start == 0 || !Self.isOfWord(scalars[start - 1]) else { continue }
        while index < scalars.count, Self.isOfName(scalars[index]) { index += 1 }
        // The full stop ends the sentence.
        while index > start + 1, scalars[index - 1] == "." { index -= 1 }
        if (2...31).contains(index - start) { mentions.append(Self.text(scalars[(start + 1)..<index])) }
      default: break
      }
    }
    (hashtags, mentions) = (hashtags.withoutRepetitions, mentions.withoutRepetitions)
    short = Self.text(Self.cut(scalars[...], tags))
  }

  private static func cut(
    _ text: ArraySlice<Unicode.Scalar>, _ tags: [Range<Int>]
  ) -> ArraySlice<Unicode.Scalar> {
    func isFiller(_ scalar: Unicode.Scalar) -> Bool { ",;|/.·•–—_-".unicodeScalars.contains(scalar) }
    var rest = trimmed(text) { _ in false }
    for (place, tag) in tags.enumerated().reversed() {
      guard tag.upperBound == rest.endIndex else { break }
      rest = rest[..<tag.lowerBound]
      // What stands between two of them goes with them; lines with a dot alone, which people put before them, too.
      let bare = rest.prefix(
        rest.count - rest.reversed().prefix { $0.properties.isWhitespace || isFiller($0) }.count)
      let isBehindTag = place > 0 && tags[place - 1].upperBound == bare.endIndex
      rest = isBehindTag ? bare : trimmed(rest, isFiller: isFiller)
    }
    return rest
  }

  /// Without white space at its end, nor fillers that have white space before them.
  private static func trimmed(
    _ text: ArraySlice<Unicode.Scalar>, isFiller: (Unicode.Scalar) -> Bool
  ) -> ArraySlice<Unicode.Scalar> {
    var rest = text
    while let last = rest.last {
      if last.properties.isWhitespace {
        rest.removeLast()
        continue
      }
      let fillers = rest.reversed().prefix { isFiller($0) }.count
      guard fillers > 0 else { break }
      let before = rest.dropLast(fillers)
      guard before.isEmpty || before.last?.properties.isWhitespace == true else { break }
      rest = before
    }
    return rest
  }

  private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    String(String.UnicodeScalarView(scalars))
  }

  /// Letters, digits and what stands on them, of any script.
  private static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar == "_" || UInt8(scalar.value).isDigit || UInt8(scalar.value).isLetter }
    let properties = scalar.properties
    if properties.isAlphabetic { return true }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .decimalNumber, .letterNumber, .otherNumber: return true
    default: return properties.isEmojiPresentation
    }
  }

  /// Words of a tag may be joined without being seen, and signs dressed as pictures.
  private static func isOfTag(_ scalar: Unicode.Scalar) -> Bool {
    isOfWord(scalar) || ["\u{200C}", "\u{200D}", "\u{FE0F}"].contains(scalar)
      || !scalar.isASCII && scalar.properties.isEmoji
  }

  private static func isOfName(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII && (isOfWord(scalar) || scalar == ".")
  }
}

/// A caption as snippets are looked for in it.
final class FoldedCaption {
  fileprivate let text: String
  fileprivate let scalars: [Unicode.Scalar]
  fileprivate private(set) lazy var characters = CaptionSnippet.characters(scalars)

  init(_ text: String) {
    self.text = text
    scalars = CaptionSnippet.folded(text)
  }
}

/// A word that a caption must or must not have.
struct CaptionSnippet {
  private let exact: String?
  private let folded: [Unicode.Scalar]
  /// The same letters may be written composed or not. `nil`: not these.
  private let characters: [Character]?

  /// `=` in front: exactly these bytes; else whatever the case and the width of its letters.
  init(_ text: String) {
    exact = text.utf8.first == UInt8(ascii: "=") ? String(text.unicodeScalars.dropFirst()) : nil
    folded = Self.folded(text)
    characters = folded.allSatisfy(\.isASCII) ? nil : Self.characters(folded)
  }

  func stands(in caption: FoldedCaption) -> Bool {
    if let exact { return caption.text.containsBytes(of: exact) }
    if Self.contains(caption.scalars, folded) { return true }
    return characters.map { Self.contains(caption.characters, $0) } ?? false
  }

  /// In lower case, wide letters as narrow ones and narrow kana as wide ones.
  fileprivate static func folded(_ text: String) -> [Unicode.Scalar] {
    var scalars: [Unicode.Scalar] = []
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0xFF01...0xFF5E: scalars.append(Unicode.Scalar(UInt8(scalar.value - 0xFEE0)))
      case 0x3000: scalars.append(" ")
      case 0xFF61...0xFF9F: scalars.append(kana[Int(scalar.value - 0xFF61)])
      default: scalars.append(scalar)
      }
    }
    return String(String.UnicodeScalarView(scalars)).lowercased().unicodeScalars.map { $0 == "ς" ? "σ" : $0 }
  }

  /// What U+FF61 to U+FF9F are the narrow forms of.
  private static let kana = Array(
    ("。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
      + "\u{3099}\u{309A}").unicodeScalars)

  fileprivate static func characters(_ scalars: [Unicode.Scalar]) -> [Character] {
    Array(String(String.UnicodeScalarView(scalars)))
  }

  private static func contains<Element: Equatable>(_ all: [Element], _ part: [Element]) -> Bool {
    guard let first = part.first, all.count >= part.count else { return part.isEmpty }
    return (0...(all.count - part.count)).contains { all[$0] == first && all[$0...].starts(with: part) }
  }
}
