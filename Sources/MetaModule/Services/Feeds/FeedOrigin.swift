internal import Text

/// Who may show a feed: `https://site.example`, `https://*.site.example` for whatever lies below it, or `any`.
enum FeedOrigin {
  static let any = "any"

  static let sentence =
    "An origin is a scheme and a host, as in https://site.example or https://*.site.example, with a port if it is not "
    + "the usual one, and without a path; a name with other letters than these stands as browsers send it "
    + "(https://xn--…); or the word any, alone."

  /// In lower case and without the port that its scheme has anyway; `nil` for what is no origin.
  static func checked(_ text: String) -> String? {
    if text.isSameBytes(as: any) { return any }
    let bytes = text.utf8.map(\.lowercased)
    let isSecure = bytes.starts(with: "https://".utf8)
    guard isSecure || bytes.starts(with: "http://".utf8) else { return nil }
    var host = bytes[(isSecure ? 8 : 7)...]
    let isPattern = host.starts(with: "*.".utf8)
    if isPattern { host = host.dropFirst(2) }
    var port: ArraySlice<UInt8> = []
    let end =
      host.first == UInt8(ascii: "[")
      ? host.firstIndex(of: UInt8(ascii: "]")) ?? host.endIndex : host.startIndex
    if let colon = host[end...].firstIndex(of: UInt8(ascii: ":")) {
      port = host[(colon + 1)...]
      host = host[..<colon]
      guard (1...5).contains(port.count), port.allSatisfy(\.isDigit), port.first != UInt8(ascii: "0"),
        Int(String(decoding: port, as: UTF8.self)).map({ $0 <= 65535 }) == true
      else { return nil }
    }
    guard isHost(host, isPattern: isPattern) else { return nil }
    let usual = isSecure ? "443" : "80"
    return (isSecure ? "https://" : "http://") + (isPattern ? "*." : "")
      + String(decoding: host, as: UTF8.self)
      + (port.isEmpty || port.elementsEqual(usual.utf8) ? "" : ":" + String(decoding: port, as: UTF8.self))
  }

  /// Whether a page of this origin, as a browser names it, may show what is for these.
  static func allows(_ origins: [String], _ origin: String) -> Bool {
    let bytes = origin.utf8.map(\.lowercased)
    return origins.contains { allowed in
      // What is sent back in a header has neither blanks nor controls. "null" is what a page of no site sends.
      if allowed.isSameBytes(as: any) {
        return bytes.allSatisfy { (0x21...0x7E).contains($0) } && !bytes.isEmpty
      }
      guard let star = allowed.utf8.firstIndex(of: UInt8(ascii: "*")) else {
        return bytes.elementsEqual(allowed.utf8)
      }
      let before = allowed.utf8[..<star]
      let behind = allowed.utf8[allowed.utf8.index(after: star)...]
      guard bytes.count > before.count + behind.count, bytes.starts(with: before),
        bytes.suffix(behind.count).elementsEqual(behind)
      else { return false }
      return areLabels(bytes[before.count..<(bytes.count - behind.count)])
    }
  }

  private static func isHost(_ host: ArraySlice<UInt8>, isPattern: Bool) -> Bool {
    if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]"), !isPattern {
      let address = host.dropFirst().dropLast()
      return IPAddress(String(decoding: address, as: UTF8.self)) != nil && address.contains(UInt8(ascii: ":"))
    }
    // Below one label alone lie the sites of everybody.
    return areLabels(host) && host.count <= 253 && (!isPattern || host.contains(UInt8(ascii: ".")))
  }

  static func areLabels(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        && label.allSatisfy { $0.isDigit || $0.isLetter || $0 == UInt8(ascii: "-") }
    }
  }
}
