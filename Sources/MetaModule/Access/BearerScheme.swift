internal import Text

/// `Authorization`, as far as it is ours. Another scheme (`Basic`, `Digest`, `Negotiate`) is what a web server in front
/// asks for: it is no credential of ours, neither a wrong one nor one too many.
enum BearerScheme {
  /// A key that was sent without the word before it is meant for us, too: it is told so.
  static func isMeant(by header: String) -> Bool {
    header.utf8.prefix(6).map { $0 | 0x20 }.elementsEqual("bearer".utf8)
      || header.utf8.starts(with: "mm_".utf8)
  }

  static func key(in header: String) throws(APIError) -> String {
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else {
      throw APIError.notAuthenticated(.malformedHeader)
    }
    return FieldRule.trimmed(String(parts[1]))
  }
}
