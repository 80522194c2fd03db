internal import CFastCGI
internal import Glibc
internal import System

/// The socket that the web server connects to, made by us or inherited from whoever started us.
///
/// Made once, before the first worker. libfcgi's own `FCGX_OpenSocket` is not used: it unlinks whatever
/// stands at the path, a living socket too, obeys the umask and ends the process when it fails.
package struct Listener: ~Copyable, Sendable {
  let descriptor: Descriptor
  /// A socket of ours is removed at the end; an inherited one is somebody else's.
  let file: SocketFile?
  let isInherited: Bool
  let isTCP: Bool

  /// The kernel lowers this to net.core.somaxconn. A full queue makes nginx answer 502.
  static let backlog: Int32 = 4096

  private init(descriptor: consuming Descriptor, file: consuming SocketFile?, isInherited: Bool, isTCP: Bool)
  {
    self.descriptor = descriptor
    self.file = file
    self.isInherited = isInherited
    self.isTCP = isTCP
  }

  /// Listens at an address. A unix socket gets mode 0660; one that a crash left behind is replaced, one that
  /// answers is not touched.
  /// - Throws: `alreadyInUse`, `notASocket`, `notLoopback` or `system`.
  package static func bind(_ address: ListenAddress) throws(FastCGIError) -> Listener {
    switch address {
    case .unix(let path): try bindUnix(path, address)
    case .loopback(let host, let port): try bindLoopback(host, port, address)
    }
  }

  private static func bindUnix(_ path: String, _ address: ListenAddress) throws(FastCGIError) -> Listener {
    guard path.utf8.count <= cfastcgi_longest_path() else { throw .pathTooLong(path) }
    let descriptor = try Descriptor(
      cfastcgi_socket(AF_UNIX), action: "make a socket for", subject: "\(address)")
    let file = try SocketFile(binding: descriptor, to: path)
    return Listener(descriptor: descriptor, file: file, isInherited: false, isTCP: false)
  }

  private static func bindLoopback(
    _ host: String, _ port: UInt16, _ address: ListenAddress
  ) throws(FastCGIError) -> Listener {
    var storage = sockaddr_storage()
    let family = cfastcgi_parse_address(host, port, &storage)
    guard family != 0 else { throw .invalidAddress("\(address)") }
    guard cfastcgi_is_loopback(&storage) != 0 else { throw .notLoopback("\(address)") }
    let descriptor = try Descriptor(
      cfastcgi_socket(family), action: "make a socket for", subject: "\(address)")
    guard cfastcgi_bind_ip(descriptor.number, &storage) == 0, listen(descriptor.number, backlog) == 0 else {
      if errno == EADDRINUSE { throw .alreadyInUse("\(address)") }
      throw .system(action: "listen at", subject: "\(address)", errno: errno)
    }
    return Listener(descriptor: descriptor, file: nil, isInherited: false, isTCP: true)
  }

  /// Whether descriptor 0 is a listening socket.
  package static var isInherited: Bool {
    var address = sockaddr_storage()
    return cfastcgi_listening_family(STDIN_FILENO, &address) >= 0
  }

  /// The listening socket on descriptor 0, as spawn-fcgi, systemd and mod_fcgid hand it over; `nil` when
  /// descriptor 0 is anything else, which means that one CGI request is to be answered.
  /// - Throws: `notLoopback` for an inherited socket that other machines can reach; `system`.
  package static func inherited() throws(FastCGIError) -> Listener? {
    var address = sockaddr_storage()
    let family = cfastcgi_listening_family(STDIN_FILENO, &address)
    guard family >= 0 else { return nil }
    guard family == AF_UNIX || cfastcgi_is_loopback(&address) != 0 else {
      throw .notLoopback("the inherited socket")
    }
    // Out of the way of everything that reads standard input, and not handed on to programs that we might
    // start.
    let descriptor = try Descriptor(
      fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), action: "take over", subject: "the inherited socket")
    let null = try Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC), action: "open", subject: "/dev/null")
    guard dup2(null.number, STDIN_FILENO) >= 0 else {
      throw .system(action: "replace", subject: "standard input", errno: errno)
    }
    var pause = timeval(tv_sec: 0, tv_usec: 10_000)
    guard letNobodyBlock(at: descriptor) else {
      throw .system(action: "take over", subject: "the inherited socket", errno: errno)
    }
    // Whoever shares the socket can take that back: systemd does before each command that it starts with it, a reload
    // too. A connection to a TCP socket would inherit the limit, and systemd's are Unix sockets.
    if family == AF_UNIX {
      setsockopt(descriptor.number, SOL_SOCKET, SO_RCVTIMEO, &pause, socklen_t(MemoryLayout<timeval>.size))
    }
    return Listener(descriptor: descriptor, file: nil, isInherited: true, isTCP: family != AF_UNIX)
  }

  /// Several processes may share it, and a connection that one of them took must not block the others in accept.
  private static func letNobodyBlock(at descriptor: borrowing Descriptor) -> Bool {
    fcntl(descriptor.number, F_SETFL, fcntl(descriptor.number, F_GETFL) | O_NONBLOCK) == 0
  }

  /// The same once more, at the end, when nobody may wait there any longer.
  func letNobodyBlock() { _ = Self.letNobodyBlock(at: descriptor) }
}
