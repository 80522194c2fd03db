internal import Cryptography

/// Comparison of entity tags (RFC 9110, section 13.1.2): `If-None-Match` compares weakly.
enum EntityTag {
  /// A strong one, in its quotes, that says nothing but which bytes these are.
  static func strong(of body: [UInt8]) -> String { "\"\(SHA256.hex(body).prefix(32))\"" }

  /// Nothing, or what Apache's mod_deflate and mod_brotli put behind a tag of ours when they compress the answer.
  private static let suffixes = ["", "-gzip", "-br"]

  /// Whether the tag, in its quotes, is among those of the header. `*` is any, but only alone; a list is read up to
  /// where it stops being one, and a tag that was never given out is no match.
  static func matches(_ etag: String, _ header: String) -> Bool {
    let own = Array(etag.utf8.dropFirst().dropLast())
    var rest = Array(header.utf8)[...].drop(while: isSpace)
    if rest.first == UInt8(ascii: "*") { return rest.dropFirst().allSatisfy(isSpace) }
    while true {
      rest = rest.drop { isSpace($0) || $0 == UInt8(ascii: ",") }
      if rest.starts(with: "W/".utf8) { rest = rest.dropFirst(2) }
      guard rest.first == UInt8(ascii: "\"") else { return false }
      let tag = rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
      guard tag.endIndex < rest.endIndex else { return false }
      rest = rest[tag.endIndex...].dropFirst().drop(while: isSpace)
      guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return false }
      if tag.starts(with: own), suffixes.contains(where: { tag.dropFirst(own.count).elementsEqual($0.utf8) })
      {
        return true
      }
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }
}
