internal import Glibc

/// The `NAME=value` strings of one request, as libfcgi and a CGI process's environment both store them.
///
/// Lent for one request: libfcgi frees the strings at its end. About 25 entries behind nginx; a name is
/// looked for by walking through them, which costs less than a dictionary of copies would.
struct ParameterList {
  let entries: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

  /// The first value under a name. The first wins, as in libfcgi: what the web server's configuration sets
  /// before its standard parameters cannot be overruled by a client's header.
  func value(of name: StaticString) -> UnsafeMutablePointer<CChar>? {
    var entry = entries
    while let text = entry.pointee {
      if let value = Self.value(in: text, named: name) { return value }
      entry += 1
    }
    return nil
  }

  /// Calls `body` with name and value of every entry that has both, in their order.
  func forEach(_ body: (_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Void) {
    var entry = entries
    while let text = entry.pointee {
      entry += 1
      // A name that holds a NUL hides its own "=": there is nothing to hand out.
      guard let equals = strchr(text, Int32(UInt8(ascii: "="))) else { continue }
      body(Self.bytes(text, count: equals - text), Self.bytes(equals + 1, count: strlen(equals + 1)))
    }
  }

  static func bytes(_ text: UnsafeMutablePointer<CChar>, count: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: count)
  }

  private static func value(
    in text: UnsafeMutablePointer<CChar>, named name: StaticString
  ) -> UnsafeMutablePointer<CChar>? {
    let count = name.utf8CodeUnitCount
    // strncmp stops at the NUL of a shorter entry, so that the "=" is looked for only where the name was
    // found.
    let isNamed = name.withUTF8Buffer { bytes in
      guard let start = bytes.baseAddress else { return false }
      return start.withMemoryRebound(to: CChar.self, capacity: count) { strncmp(text, $0, count) == 0 }
    }
    guard isNamed, text[count] == CChar(UInt8(ascii: "=")) else { return nil }
    return text + count + 1
  }
}
