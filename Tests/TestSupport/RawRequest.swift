/// What a client sent, as far as a test wants to know.
package struct RawRequest: Sendable {
  /// Request line and header lines, without line ends.
  package let lines: [String]
  /// As many bytes as `Content-Length` said.
  package let body: [UInt8]

  /// The second word of the request line.
  package var target: String {
    let words = (lines.first ?? "").split(separator: " ")
    return words.count > 1 ? String(words[1]) : ""
  }

  /// The value of the first header of this name, upper and lower case alike.
  package subscript(name: String) -> String? {
    let prefix = name.lowercased() + ":"
    guard let line = lines.dropFirst().first(where: { $0.lowercased().hasPrefix(prefix) }) else { return nil }
    return String(line.dropFirst(prefix.count).drop { $0 == " " })
  }

  /// The first request in the bytes and what follows it; `nil` when it is not whole yet.
  static func split(_ bytes: [UInt8]) -> (request: RawRequest, rest: [UInt8])? {
    var lines: [String] = []
    var start = 0
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = bytes[start..<end].filter { $0 != UInt8(ascii: "\r") }
      start = end + 1
      guard line.isEmpty else {
        lines.append(String(decoding: line, as: UTF8.self))
        continue
      }
      let length = Int(RawRequest(lines: lines, body: [])["Content-Length"] ?? "0") ?? 0
      guard bytes.count - start >= length else { return nil }
      let body = Array(bytes[start..<(start + length)])
      return (RawRequest(lines: lines, body: body), Array(bytes[(start + length)...]))
    }
    return nil
  }
}
