internal import Text

/// The path below the mount point, validated as bytes and cut into segments.
///
/// `/pages/` and `/pages` are both `["pages"]`: two spellings per route and no third (API.md, section 1).
package struct RequestPath: Equatable {
  package enum Refusal: Error, Equatable {
    case notUTF8
    /// Empty or dot segment, control byte, broken escape: answered 404, like any other path that is not there.
    case malformed
  }

  /// The segments, decoded; empty for the mount point itself.
  package let segments: [String]

  /// Where the program is mounted in the seed's document; other mount points come in `SCRIPT_NAME`.
  private static let mount = Array("/api/meta".utf8)

  /// Finds the path of a request: `PATH_INFO`, or `REQUEST_URI` less the mount point where that is empty.
  ///
  /// Web servers resolve dot segments and merge slashes before they fill in `PATH_INFO`; only `REQUEST_URI` still
  /// shows that a third spelling was sent, and is looked at for that wherever it is there.
  package init(of request: borrowing Request) throws(Refusal) {
    let (pathInfo, requestURI, scriptName) = (request.pathInfo, request.requestURI, request.scriptName)
    if pathInfo.isEmpty {
      var target = Self.path(of: requestURI)
      if target.isEmpty { target = scriptName[...] }
      // Once: `%252e` becomes `%2e` and stays that.
      guard let decoded = PercentEncoding.decoded(Self.belowMount(target, scriptName: scriptName))
      else { throw .malformed }
      try self.init(decoded: decoded[...])
    } else {
      try self.init(decoded: Self.remainder(of: pathInfo[...], below: Self.mount) ?? pathInfo[...])
    }
    // Last, since a path that is not UTF-8 is refused as that.
    guard !Self.isAnotherSpelling(requestURI) else { throw .malformed }
  }

  /// Whether the path as it was sent has an empty or a dot segment, encoded or not, an encoded slash, an encoded NUL, at
  /// which H2O ends the path, or a broken escape, which uWSGI drops.
  private static func isAnotherSpelling(_ requestURI: [UInt8]) -> Bool {
    if isPlainlyOnlyOne(requestURI) { return false }
    let path = path(of: requestURI)
    var rest = path.dropFirst()
    if rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
    guard !rest.isEmpty else { return path.count > 1 }
    return rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).contains { segment in
      guard let decoded = PercentEncoding.decoded(segment) else { return true }
      return decoded.isEmpty || decoded.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
        || decoded.elementsEqual(".".utf8) || decoded.elementsEqual("..".utf8)
    }
  }

  /// What stands before the query, without the scheme and the host of the absolute form, in which proxies ask:
  /// `http://host/path`.
  static func path(of requestURI: [UInt8]) -> ArraySlice<UInt8> {
    let target = requestURI.prefix { $0 != UInt8(ascii: "?") }
    guard target.first != UInt8(ascii: "/"), let slash = target.firstIndex(of: UInt8(ascii: "/")),
      target[..<slash].last == UInt8(ascii: ":"), target[slash...].starts(with: "//".utf8)
    else { return target }
    let path = target[slash...].dropFirst(2).drop { $0 != UInt8(ascii: "/") }
    return path.isEmpty ? [UInt8(ascii: "/")] : path
  }

  /// Whether a path has nothing in it that could make a second spelling: no escape, and no slash with another or a dot
  /// behind it. Nearly every path is so, and then need not be taken apart.
  private static func isPlainlyOnlyOne(_ requestURI: [UInt8]) -> Bool {
    guard requestURI.first == UInt8(ascii: "/") else { return false }
    var isBehindSlash = false
    for byte in requestURI {
      switch byte {
      case UInt8(ascii: "?"): return true
      case UInt8(ascii: "%"): return false
      case UInt8(ascii: "/"), UInt8(ascii: "."): if isBehindSlash { return false }
      default: break
      }
      isBehindSlash = byte == UInt8(ascii: "/")
    }
    return true
  }

  private init(decoded path: ArraySlice<UInt8>) throws(Refusal) {
    let isPlain = path.allSatisfy { (0x20...0x7E).contains($0) }
    guard isPlain || String(validating: path, as: UTF8.self) != nil else { throw .notUTF8 }
    guard let first = path.first else {
      segments = []
      return
    }
    guard first == UInt8(ascii: "/"), isPlain || path.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      throw .malformed
    }
    var rest = path.dropFirst()
    if rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
    guard !rest.isEmpty else {
      guard path.count == 1 else { throw .malformed }
      segments = []
      return
    }
    var segments: [String] = []
    segments.reserveCapacity(4)
    while true {
      let bytes = rest.prefix { $0 != UInt8(ascii: "/") }
      let isDots = bytes.count <= 2 && bytes.allSatisfy { $0 == UInt8(ascii: ".") }  // An empty one too.
      guard !isDots else { throw .malformed }
      segments.append(String(decoding: bytes, as: UTF8.self))
      guard bytes.endIndex < rest.endIndex else { break }
      rest = rest[(bytes.endIndex + 1)...]
    }
    self.segments = segments
  }

  /// What follows `prefix` when the path is the prefix or goes on with a slash.
  private static func remainder(of path: ArraySlice<UInt8>, below prefix: [UInt8]) -> ArraySlice<UInt8>? {
    guard path.starts(with: prefix) else { return nil }
    let rest = path.dropFirst(prefix.count)
    return rest.isEmpty || rest.first == UInt8(ascii: "/") ? rest : nil
  }

  /// Takes the mount point off a whole path: `SCRIPT_NAME` where something is left after it (Caddy puts the whole
  /// path there), else everything up to `/api/meta`.
  private static func belowMount(_ path: ArraySlice<UInt8>, scriptName: [UInt8]) -> ArraySlice<UInt8> {
    if !scriptName.isEmpty, let rest = remainder(of: path, below: scriptName), !rest.isEmpty {
      return remainder(of: rest, below: mount) ?? rest
    }
    var start = path.startIndex
    while start < path.endIndex {
      if path[start] == UInt8(ascii: "/"), let rest = remainder(of: path[start...], below: mount) {
        return rest
      }
      start += 1
    }
    return path
  }
}
