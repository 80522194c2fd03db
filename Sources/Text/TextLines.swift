/// The lines of a file that a person wrote, with whatever editor on whatever system.
///
/// Split as bytes: Swift takes CR LF for one `Character`, so that a split at "\n" would not find it. A byte order mark
/// is taken off: it would be a part of the first name or key.
package enum TextLines {
  /// Why there are none. Holds nothing of the text.
  package enum Failure: Error, Sendable, Equatable {
    /// As Windows' "Unicode" is, which is one of two things that a sentence can name.
    case utf16
    /// Some other encoding, or no text at all.
    case notUTF8

    /// To be put behind the name of the file.
    package var sentence: String {
      switch self {
      case .utf16: "is UTF-16 text: save it as UTF-8."
      case .notUTF8: "is not UTF-8 text."
      }
    }
  }

  /// The lines, without their ends: LF, CR LF or CR.
  package static func lines(of bytes: [UInt8]) throws(Failure) -> [String] {
    guard !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) else { throw .utf16 }
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    // ASCII in UTF-16 without a mark: every other byte is NUL, and NUL is UTF-8.
    guard !bytes.contains(0) else { throw .utf16 }
    var lines: [String] = []
    var isAfterReturn = false
    var start = bytes.startIndex
    func line(upTo end: Int) throws(Failure) {
      guard let text = String(validating: bytes[start..<end], as: UTF8.self) else { throw .notUTF8 }
      lines.append(text)
    }
    for (place, byte) in zip(bytes.indices, bytes) {
      defer { isAfterReturn = byte == UInt8(ascii: "\r") }
      guard byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") else { continue }
      if !(isAfterReturn && byte == UInt8(ascii: "\n")) { try line(upTo: place) }
      start = place + 1
    }
    if start < bytes.endIndex { try line(upTo: bytes.endIndex) }
    return lines
  }
}
