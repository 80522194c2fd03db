import FastCGI
import Glibc
import Testing

/// The socket file: who may take it, and who removes it.
@Suite(.serialized) struct ListenerTests {
  private static func message(_ error: FastCGIError?) -> String { error?.description ?? "no error" }

  @Test func `a socket that answers is left alone`() throws {
    let server = try RunningServer(handler: Handlers.path)
    for _ in 0..<3 {
      let error = #expect(throws: FastCGIError.self) { _ = try Listener.bind(.unix(path: server.path)) }
      #expect(Self.message(error).contains("another process already listens at unix:\(server.path)"))
    }
    #expect(try Client.exchange(server.path, Wire.request("/still")).text == "/still")
  }

  @Test func `of many that start at once exactly one gets the socket`() throws {
    for _ in 0..<20 {
      let folder = try TemporaryFolder()
      let path = folder.socket
      // Each holds its listener until all have tried.
      let barrier = Seen()
      let won = concurrently(8) { _ -> Bool in
        do throws(FastCGIError) {
          let listener = try Listener.bind(.unix(path: path))
          barrier.add("")
          while barrier.all.count < 8 { usleep(1000) }
          _ = consume listener
          return true
        } catch {
          barrier.add("")
          return false
        }
      }
      #expect(won.filter { $0 }.count == 1)
    }
  }

  @Test func `a socket that a crash left behind is taken over`() throws {
    let folder = try TemporaryFolder()
    try Self.leaveStaleSocket(at: folder.socket)
    #expect(throws: Client.Refused.self) { try Client(folder.socket) }
    let listener = try Listener.bind(.unix(path: folder.socket))
    _ = try Client(folder.socket)
    _ = consume listener
  }

  @Test func `a file, a folder and a link are left alone`() throws {
    let folder = try TemporaryFolder()
    try Self.leaveStaleSocket(at: "\(folder.path)/stale")
    let makers: [(String) -> Int32] = [
      { close(open($0, O_CREAT | O_WRONLY, 0o600)) }, { mkdir($0, 0o700) },
      { symlink("\(folder.path)/stale", $0) }, { mkfifo($0, 0o600) },
    ]
    for make in makers {
      try #require(make(folder.socket) == 0)
      let mode = folder.mode(folder.socket)
      let error = #expect(throws: FastCGIError.self) { _ = try Listener.bind(.unix(path: folder.socket)) }
      #expect(Self.message(error).contains("is not a socket"))
      #expect(folder.mode(folder.socket) == mode)
      if unlink(folder.socket) != 0 { rmdir(folder.socket) }
    }
  }

  @Test(arguments: [0o000, 0o022, 0o077, 0o777] as [mode_t])
  func `the socket is 0660 whatever the umask`(_ mask: mode_t) throws {
    let folder = try TemporaryFolder()
    let old = umask(mask)
    defer { umask(old) }
    let listener = try Listener.bind(.unix(path: folder.socket))
    #expect(folder.mode(folder.socket) == S_IFSOCK | 0o660)
    _ = consume listener
  }

  @Test func `the socket is removed at the end, unless it is another one by then`() throws {
    let folder = try TemporaryFolder()
    var listener = try Listener.bind(.unix(path: folder.socket))
    _ = consume listener
    #expect(!folder.exists(folder.socket))

    listener = try Listener.bind(.unix(path: folder.socket))
    try #require(rename(folder.socket, "\(folder.path)/moved") == 0)
    try Self.leaveStaleSocket(at: folder.socket)
    _ = consume listener
    #expect(folder.exists(folder.socket))
  }

  @Test func `a folder that does not exist is named`() throws {
    let error = #expect(throws: FastCGIError.self) {
      _ = try Listener.bind(.unix(path: "/nowhere/at/all/sock"))
    }
    #expect(Self.message(error) == "cannot open the folder /nowhere/at/all: No such file or directory")
  }

  @Test func `a port that is taken is told`() throws {
    let port = UInt16(20_000 + getpid() % 20_000)
    let listener = try Listener.bind(.loopback(host: "127.0.0.1", port: port))
    let error = #expect(throws: FastCGIError.self) {
      _ = try Listener.bind(.loopback(host: "127.0.0.1", port: port))
    }
    #expect(Self.message(error).contains("another process already listens at 127.0.0.1:\(port)"))
    _ = consume listener
  }

  @Test func `only loopback addresses are bound`() throws {
    let error = #expect(throws: FastCGIError.self) {
      _ = try Listener.bind(.loopback(host: "0.0.0.0", port: 9000))
    }
    #expect(Self.message(error).contains("can be reached from other machines"))
  }

  /// What kill -9 leaves: a socket in the file system that nobody listens at.
  private static func leaveStaleSocket(at path: String) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = UInt16(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0)
  }
}
