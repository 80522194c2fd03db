internal import CFastCGI

/// Where to listen: what follows `--listen`.
///
/// FastCGI knows no credentials, and a hostile peer can crash libfcgi. So only this machine may connect:
/// a unix socket, guarded by its file mode, or a loopback address.
package enum ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// A socket in the file system.
  case unix(path: String)
  /// A numeric loopback address, without brackets.
  case loopback(host: String, port: UInt16)

  /// Reads `unix:/path`, `127.0.0.1:9000` or `[::1]:9000`.
  /// - Throws: `invalidAddress`, `notLoopback` or `pathTooLong`.
  package init(parsing text: String) throws(FastCGIError) {
    let bytes = Array(text.utf8)
    guard !bytes.contains(0) else { throw .invalidAddress(text) }
    let prefix = Array("unix:".utf8)
    if bytes.starts(with: prefix) {
      let path = bytes.dropFirst(prefix.count)
      // Linux's nameless sockets begin with `@` in most programs; they have no file mode to guard them.
      guard let first = path.first, first != UInt8(ascii: "@"), path.last != UInt8(ascii: "/") else {
        throw .invalidAddress(text)
      }
      guard path.count <= cfastcgi_longest_path() else {
        throw .pathTooLong(String(decoding: path, as: UTF8.self))
      }
      self = .unix(path: String(decoding: path, as: UTF8.self))
    } else {
      self = try Self.parsingLoopback(bytes, text)
    }
  }

  private static func parsingLoopback(_ bytes: [UInt8], _ text: String) throws(FastCGIError) -> ListenAddress
  {
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else { throw .invalidAddress(text) }
    var host = bytes[..<colon]
    let digits = bytes[(colon + 1)...]
    let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]") && host.count > 2
    if isBracketed { host = host.dropFirst().dropLast() }
    guard
      // No sign, no leading zero, no port that the kernel would choose: somebody must be able to find us.
      let first = digits.first, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(first),
      let port = UInt16(String(decoding: digits, as: UTF8.self)),
      // IPv6 needs its brackets: in `::1:80` nobody can tell the port.
      host.contains(UInt8(ascii: ":")) == isBracketed
    else { throw .invalidAddress(text) }

    let name = String(decoding: host, as: UTF8.self)
    var address = sockaddr_storage()
    guard cfastcgi_parse_address(name, port, &address) != 0 else { throw .invalidAddress(text) }
    guard cfastcgi_is_loopback(&address) != 0 else { throw .notLoopback(text) }
    return .loopback(host: name, port: port)
  }

  /// The address as `--listen` takes it.
  package var description: String {
    switch self {
    case .unix(let path): "unix:\(path)"
    case .loopback(let host, let port):
      host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
  }
}
