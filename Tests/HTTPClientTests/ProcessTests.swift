import Glibc
import HTTPClient
import TestSupport
import Testing

/// What concerns the process as a whole; each in a process of its own, where nothing else runs.
struct ProcessTests {
  @Test func `proxies in the environment are not asked`() async {
    await #expect(processExitsWith: .success) {
      let proxy = try RawServer { $0.answerAll("proxy") }
      let names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
      for name in names { setenv(name, proxy.url(), 1) }
      setenv("no_proxy", "", 1)
      let server = try RawServer { $0.answerAll("server") }
      var client = HTTPClient()
      let reply = try client.perform(HTTPRequest(url: server.url()))
      #expect(reply.body == Array("server".utf8))
      #expect(throws: TransferError.unresolved) {
        try client.perform(HTTPRequest(url: "https://nonexistent.invalid/"))
      }
      #expect(proxy.accepted == 0)
    }
  }

  @Test func `a thousand calls of every outcome leave no descriptor behind`() async {
    await #expect(processExitsWith: .success) {
      let server = try RawServer { connection in
        while let request = connection.readRequest() {
          switch request.target {
          case "/0": return connection.reset()
          case "/1": return _ = connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
          case "/2": connection.answer(String(repeating: "x", count: 100))
          case "/3": return connection.waitForEnd()
          default: connection.answer("ok")
          }
        }
      }
      func round(_ client: inout HTTPClient) {
        let transfers = (0..<10).map {
          Transfer(tag: $0, request: HTTPRequest(url: server.url("/\($0)"), timeout: .milliseconds(50)))
        }
        client.performAll(transfers, deadline: nil) { _, _ in [] }
      }
      let atFirst = openDescriptors()
      do {
        var client = HTTPClient(options: ClientOptions(maximumBodyBytes: 50))
        for _ in 0..<5 { round(&client) }
        try settle(server, at: 20)
        let before = openDescriptors()
        for _ in 0..<100 { round(&client) }
        try settle(server, at: 20)
        let after = openDescriptors()
        // Kept connections have two ends in this process; their number may vary, not grow.
        #expect(after <= before + 20, "\(before) before, \(after) after")
      }
      try settle(server, at: 0)
      #expect(openDescriptors() <= atFirst + 1)
    }
  }

  @Test func `a thousand clients leave no descriptor behind`() async {
    await #expect(processExitsWith: .success) {
      let server = try RawServer { $0.answerAll("ok") }
      func use() throws {
        var client = HTTPClient()
        _ = try client.perform(HTTPRequest(url: server.url()))
      }
      try use()
      try settle(server, at: 0)
      let before = openDescriptors()
      for _ in 0..<1000 { try use() }
      try settle(server, at: 0)
      #expect(openDescriptors() == before)
    }
  }

  @Test func `a client that never asks does not load libcurl`() async {
    await #expect(processExitsWith: .success) {
      func isLoaded() throws -> Bool {
        let file = try #require(fopen("/proc/self/maps", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, Int32(line.count), file) != nil {
          if strstr(line, "libcurl") != nil { return true }
        }
        return false
      }
      var client = HTTPClient()
      let isEarly = try isLoaded()
      #expect(!isEarly)
      _ = try? client.perform(HTTPRequest(url: "http://127.0.0.1:1/"))
      let isLate = try isLoaded()
      #expect(isLate)
      #expect(try HTTPClient.libraryVersion().hasPrefix("libcurl/"))
    }
  }

  @Test func `a connection is not inherited by a child process`() async {
    await #expect(processExitsWith: .success) {
      let server = try RawServer { $0.answerAll("ok") }
      var client = HTTPClient()
      _ = try client.perform(HTTPRequest(url: server.url()))
      var kept = 0
      for descriptor in Int32(0)..<4096 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let outcome = withUnsafeMutablePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) }
        }
        guard outcome == 0, Int(UInt16(bigEndian: address.sin_port)) == server.port else { continue }
        kept += 1
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
      }
      #expect(kept == 1)
      _ = consume client
    }
  }

  @Test func `with no descriptor left a request fails and the next one works`() async {
    await #expect(processExitsWith: .success) {
      let server = try RawServer { $0.answerAll("ok") }
      var client = HTTPClient()
      _ = try client.perform(HTTPRequest(url: server.url()))
      let other = try RawServer { $0.answerAll("ok") }
      var fillers: [Int32] = []
      var limit = rlimit(rlim_cur: 256, rlim_max: 256)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      while true {
        let filler = dup(0)
        if filler < 0 { break }
        fillers.append(filler)
      }
      #expect(throws: TransferError.refused) { try client.perform(HTTPRequest(url: other.url())) }
      for filler in fillers { close(filler) }
      #expect(try client.perform(HTTPRequest(url: other.url())).status == 200)
    }
  }
}

/// How many descriptors this process has.
private func openDescriptors() -> Int {
  (0..<4096).count { fcntl($0, F_GETFD) >= 0 }
}

/// Waits until the server's threads have noticed which connections are gone.
private func settle(_ server: RawServer, at most: Int) throws {
  for _ in 0..<6000 where server.open > most { usleep(10_000) }
  try #require(server.open <= most)
}
