import Glibc
import TestSupport
import Testing

/// What concerns a whole process: signals, descriptors, the socket it inherits.
@Suite(.serialized) struct ProcessTests {
  @Test func `a second start on one socket says so and leaves the first alone`() throws {
    let folder = try TemporaryFolder()
    let first = try EchoProcess(["--listen", "unix:\(folder.socket)"])
    try #require(EchoProcess.waitForSocket(folder.socket))
    let second = try EchoProcess(["--listen", "unix:\(folder.socket)"])
    #expect(second.exitStatus() == 1)
    #expect(second.standardError().contains("another process already listens at unix:\(folder.socket)"))
    #expect(try Client.exchange(folder.socket, Wire.request("/unread")).text.hasSuffix("unread\n"))
    first.signal(SIGTERM)
    #expect(first.exitStatus() == 0)
  }

  @Test func `after kill -9 the next start takes the socket over`() throws {
    let folder = try TemporaryFolder()
    let first = try EchoProcess(["--listen", "unix:\(folder.socket)"])
    try #require(EchoProcess.waitForSocket(folder.socket))
    first.signal(SIGKILL)
    #expect(first.exitStatus() == 128 + SIGKILL)
    #expect(folder.exists(folder.socket))
    let second = try EchoProcess(["--listen", "unix:\(folder.socket)"])
    // The file of the first one is still there: only an answer is the second one's.
    #expect(Wait.until { (try? Client.exchange(folder.socket, Wire.request("/unread"))) != nil })
    second.signal(SIGTERM)
    #expect(second.exitStatus() == 0)
    #expect(!folder.exists(folder.socket))
  }

  /// Every accepted connection is answered in full: a request that was taken but not answered would be lost.
  @Test(arguments: [SIGTERM, SIGINT, SIGUSR1], [false, true])
  func `a signal under load loses no request`(_ signal: Int32, _ isKept: Bool) throws {
    let folder = try TemporaryFolder()
    let path = folder.socket
    for _ in 0..<5 {
      let process = try EchoProcess(["--listen", "unix:\(path)", "--workers", "4"])
      try #require(EchoProcess.waitForSocket(path) && process.waitForSignals())
      let served = Counter()
      onThread { [pid = process.pid] in
        Wait.until { served.value >= 16 }
        usleep(UInt32.random(in: 0..<20_000))
        kill(pid, signal)
      }
      let results = concurrently(8) { index -> (answered: Int, lost: Int) in
        var answered = 0
        while let client = try? Client(path) {
          for _ in 0..<(isKept ? 20 : 1) {
            guard client.send(Wire.request(index % 2 == 0 ? "/static" : "/sleep/3", keep: isKept)) else {
              break
            }
            let bytes = client.readAnswer()
            // A kept connection may be closed between two requests, and only there.
            if isKept, bytes.isEmpty, answered > 0 { break }
            guard Wire.answer(in: bytes).protocolStatus == 0 else { return (answered, 1) }
            answered += 1
            served.add()
          }
        }
        return (answered, 0)
      }
      #expect(results.map(\.lost).reduce(0, +) == 0)
      #expect(results.map(\.answered).reduce(0, +) > 0)
      #expect(process.exitStatus() == 0)
      #expect(process.standardError() == "")
    }
  }

  @Test func `a worker that hangs does not keep the process from ending`() throws {
    let folder = try TemporaryFolder()
    let process = try EchoProcess(["--listen", "unix:\(folder.socket)"])
    try #require(EchoProcess.waitForSocket(folder.socket))
    let client = try Client(folder.socket)
    client.send(Wire.request("/sleep/600000"))
    #expect(try Client.exchange(folder.socket, Wire.request("/unread")).text.hasSuffix("unread\n"))
    process.signal(SIGTERM)
    #expect(process.exitStatus() == 0)
    #expect(process.standardError().contains("1 requests did not finish in time"))
  }

  @Test func `without descriptors it waits, and then goes on`() throws {
    let folder = try TemporaryFolder()
    let process = try EchoProcess(
      ["--listen", "unix:\(folder.socket)", "--workers", "8"], shell: "ulimit -n 32")
    try #require(EchoProcess.waitForSocket(folder.socket))
    // Two hundred that want an answer, and hold their connection until all are there. None is silent for long: of more than
    // sixteen that are, the oldest has to go.
    var clients = try (0..<200).map { index in
      let client = try Client(folder.socket)
      client.send(Wire.request("/size/\(index)", keep: index % 3 == 0))
      return client
    }
    for (index, client) in clients.enumerated() {
      #expect(Wire.answer(in: client.readAnswer()).text.hasSuffix(String(repeating: "x", count: index)))
    }
    // And as many that say nothing at all, while others are still served afterwards.
    clients = try (0..<200).map { _ in try Client(folder.socket) }
    usleep(200_000)
    clients.removeAll()
    #expect(try Client.exchange(folder.socket, Wire.request("/unread")).text.hasSuffix("unread\n"))
    process.signal(SIGTERM)
    #expect(process.exitStatus() == 0)
    #expect(process.standardError().contains("Too many open files"))
  }

  /// Half requests, of which each would wait for half a minute.
  @Test func `peers that never finish do not take the descriptors of the others`() throws {
    let folder = try TemporaryFolder()
    // What this process has open without CLOEXEC, hundreds while other suites run, is not to count.
    let alone = #"for f in /proc/$$/fd/*; do n=${f##*/}; ((n < 3)) || eval "exec $n>&-"; done; ulimit -n 128"#
    let process = try EchoProcess(["--listen", "unix:\(folder.socket)"], shell: alone)
    try #require(EchoProcess.waitForSocket(folder.socket))
    let half = Array(Wire.request("/unread", body: "body").dropLast(3))
    let clients = try (0..<300).map { _ in
      let client = try Client(folder.socket)
      client.send(half)
      return client
    }
    #expect(try Client.exchange(folder.socket, Wire.request("/unread")).text.hasSuffix("unread\n"))
    #expect(clients[0].readToEnd() == [])
    // Those that are left are some of the last, and as good as ever.
    let answered = clients.filter { client in
      client.send(Array(Wire.request("/unread", body: "body").suffix(3)))
      return Wire.answer(in: client.readAnswer()).text.hasSuffix("unread\n")
    }
    #expect((1...64).contains(answered.count))
    process.signal(SIGTERM)
    #expect(process.exitStatus() == 0)
    #expect(process.standardError() == "")
  }

  @Test func `descriptors do not pile up`() throws {
    let folder = try TemporaryFolder()
    let process = try EchoProcess(["--listen", "unix:\(folder.socket)", "--workers", "1"])
    try #require(EchoProcess.waitForSocket(folder.socket))
    _ = try Client.exchange(folder.socket, Wire.request("/unread"))
    usleep(50_000)
    let before = process.descriptors
    for index in 0..<300 {
      let client = try Client(folder.socket)
      switch index % 5 {
      case 0: client.send(Wire.request("/size/100000", keep: true))
      case 1: client.send(Wire.request("/unread", body: "body", keep: true))
      case 2: client.send(Array("nonsense".utf8))
      case 3: client.send(Wire.begin())
      default:
        client.send(Wire.request("/static", keep: true))
        _ = client.readAnswer()
      }
    }
    _ = try Client.exchange(folder.socket, Wire.request("/unread"))
    #expect(Wait.until { process.descriptors == before })
  }

  @Test func `closed standard descriptors are opened first`() throws {
    let folder = try TemporaryFolder()
    let process = try EchoProcess(
      ["--listen", "unix:\(folder.socket)"], shell: "exec <&- >&- 2>&-")
    try #require(EchoProcess.waitForSocket(folder.socket))
    for number in 0...2 {
      var buffer = [CChar](repeating: 0, count: 64)
      let count = readlink("/proc/\(process.pid)/fd/\(number)", &buffer, buffer.count)
      #expect(buffer.prefix(max(0, count)).elementsEqual("/dev/null".utf8.map { CChar($0) }))
    }
  }

  // MARK: Inherited sockets

  /// A listening socket as spawn-fcgi or systemd makes it, and the process that inherits it.
  private func listen(_ path: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = UInt16(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && Glibc.listen(descriptor, 100) == 0)
    return descriptor
  }

  @Test func `a listening socket on descriptor 0 is served, and left where it is`() throws {
    let folder = try TemporaryFolder()
    let socket = try listen(folder.socket)
    defer { close(socket) }
    for _ in 0..<2 {
      let process = try EchoProcess([], input: socket)
      #expect(try Client.exchange(folder.socket, Wire.request("/unread")).text.hasSuffix("unread\n"))
      process.signal(SIGTERM)
      #expect(process.exitStatus() == 0)
      #expect(folder.exists(folder.socket))
    }
    // Who comes between two processes waits in the socket's queue.
    let client = try Client(folder.socket)
    client.send(Wire.request("/unread"))
    let process = try EchoProcess([], input: socket)
    #expect(Wire.answer(in: client.readAnswer()).text.hasSuffix("unread\n"))
    process.signal(SIGTERM)
    #expect(process.exitStatus() == 0)
  }

  @Test func `several processes share a socket, and one that ends loses nothing`() throws {
    let folder = try TemporaryFolder()
    let path = folder.socket
    let socket = try listen(path)
    defer { close(socket) }
    var processes = try (0..<3).map { _ in try EchoProcess(["--workers", "2"], input: socket) }
    let done = Seen()
    onThread {
      let lost = concurrently(6) { index -> Int in
        (0..<200).filter { _ in
          let request = Wire.request(index == 0 ? "/sleep/2" : "/static")
          return (try? Client.exchange(path, request))?.protocolStatus != 0
        }.count
      }
      done.add("\(lost.reduce(0, +))")
    }
    while done.all.isEmpty {
      usleep(20_000)
      let next = try EchoProcess(["--workers", "2"], input: socket)
      let old = processes.removeFirst()
      processes.append(next)
      #expect(old.waitForSignals())
      old.signal(SIGUSR1)
      #expect(old.exitStatus() == 0)
    }
    #expect(done.all == ["0"])
  }

  @Test func `a process whose socket was shut down ends with an error`() throws {
    let folder = try TemporaryFolder()
    let socket = try listen(folder.socket)
    defer { close(socket) }
    let process = try EchoProcess([], input: socket)
    #expect(try Client.exchange(folder.socket, Wire.request("/unread")).text.hasSuffix("unread\n"))
    shutdown(socket, Int32(SHUT_RDWR))
    #expect(process.exitStatus() == 1)
    #expect(process.standardError().contains("cannot accept from the listening socket: Invalid argument"))
  }

  /// systemd shares the socket with each command that it starts for the service, and makes it block again first.
  @Test func `an inherited socket that somebody has made block keeps nobody from the end`() throws {
    let folder = try TemporaryFolder()
    let socket = try listen(folder.socket)
    defer { close(socket) }
    let process = try EchoProcess([], input: socket)
    for _ in 0..<20 {
      #expect(try Client.exchange(folder.socket, Wire.request("/unread")).text.hasSuffix("unread\n"))
      #expect(fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK) == 0)
    }
    process.signal(SIGUSR1)
    #expect(process.exitStatus() == 0)
    #expect(!process.standardError().contains("did not finish in time"))
  }

  @Test(arguments: [false, true])
  func `a process whose executable was removed or renamed leaves, others stay`(isRenamed: Bool) throws {
    let folder = try TemporaryFolder()
    let socket = try listen(folder.socket)
    defer { close(socket) }
    let copy = "\(folder.path)/echo"
    let bytes = try copyFile(EchoProcess.executable, to: copy)
    try #require(bytes > 0)
    // It looks as often as it looks for idle connections.
    let old = try EchoProcess(["--idle-ms", "50"], input: socket, executable: copy)
    let own = try EchoProcess(
      ["--idle-ms", "50", "--listen", "unix:\(folder.path)/own"], executable: copy)
    #expect(EchoProcess.waitForSocket("\(folder.path)/own"))
    #expect(try Client.exchange(folder.socket, Wire.request("/unread")).text.hasSuffix("unread\n"))
    if isRenamed { #expect(rename(copy, copy + ".old") == 0) } else { #expect(unlink(copy) == 0) }
    #expect(old.exitStatus() == 0)
    #expect(old.standardError().contains("the executable was replaced"))
    // Whoever started this one restarts it.
    usleep(200_000)
    #expect(try Client.exchange("\(folder.path)/own", Wire.request("/unread")).text.hasSuffix("unread\n"))
    own.signal(SIGTERM)
    #expect(own.exitStatus() == 0)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can take /proc away"))
  func `so it does where there is no proc`() throws {
    let folder = try TemporaryFolder()
    let socket = try listen(folder.socket)
    defer { close(socket) }
    let copy = "\(folder.path)/echo"
    #expect(try copyFile(EchoProcess.executable, to: copy) > 0)
    let hidden = ["-m", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "_", copy, "--idle-ms", "50"]
    let old = try EchoProcess(hidden, input: socket, executable: "/usr/bin/unshare")
    #expect(try Client.exchange(folder.socket, Wire.request("/unread")).text.hasSuffix("unread\n"))
    usleep(200_000)
    #expect(try Client.exchange(folder.socket, Wire.request("/unread")).text.hasSuffix("unread\n"))
    #expect(try copyFile(EchoProcess.executable, to: "\(copy).new") > 0)
    #expect(rename("\(copy).new", copy) == 0)
    #expect(old.exitStatus() == 0)
    #expect(old.standardError().contains("the executable was replaced"))
  }

  private func copyFile(_ source: String, to target: String) throws -> Int {
    let from = open(source, O_RDONLY | O_CLOEXEC)
    let to = open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0o700)
    defer {
      close(from)
      close(to)
    }
    var total = 0
    while case let count = sendfile(to, from, nil, 1 << 20), count > 0 { total += count }
    return total
  }

  @Test func `an inherited socket that other machines reach is refused`() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    // Not bound: listen() takes any address and a free port.
    try #require(Glibc.listen(descriptor, 1) == 0)
    let process = try EchoProcess([], input: descriptor)
    #expect(process.exitStatus() == 1)
    #expect(process.standardError().contains("can be reached from other machines"))
  }
}
