/// A place in a JSON text, counted in code points as Python counts.
package struct JSONPosition: Sendable, Equatable, CustomStringConvertible {
  /// From 1; only a line feed begins a line.
  package let line: Int
  /// From 1.
  package let column: Int
  /// From 0, since the beginning of the text.
  package let character: Int

  /// The place of a byte of a text that is valid UTF-8.
  init(of offset: Int, in bytes: [UInt8]) {
    var line = 1
    var character = 0
    var startOfLine = 0
    // A code point is counted at its first byte; the others are 10xxxxxx.
    for byte in bytes.prefix(offset) where byte & 0xC0 != 0x80 {
      character += 1
      if byte == UInt8(ascii: "\n") {
        line += 1
        startOfLine = character
      }
    }
    self.line = line
    self.character = character
    column = character - startOfLine + 1
  }

  package var description: String { "line \(line) column \(column) (char \(character))" }
}
