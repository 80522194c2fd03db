@testable import FastCGI
import Glibc
import TestSupport
import Testing

/// Workers: how they start and how they end.
@Suite struct ServerTests {
  private struct NoDatabase: Error {}

  @Test func `when no worker can start, run says why`() throws {
    let server = try RunningServer(makeHandler: { _ in throw NoDatabase() })
    guard case .failure(.workerFailed(let error)) = server.waitForEnd() else {
      Issue.record("run did not fail")
      return
    }
    #expect(error is NoDatabase)
    #expect(!server.folder.exists(server.path))
  }

  @Test func `when a later worker cannot start, the others go on`() throws {
    let counter = Seen()
    let server = try RunningServer(
      workers: 4,
      makeHandler: { _ in
        counter.add("attempt")
        if counter.all.count > 1 { throw NoDatabase() }
        // Long enough that a second worker is called for, however the threads are scheduled.
        return { exchange in
          usleep(20_000)
          Handlers.path(&exchange)
        }
      })
    let path = server.path
    let texts = concurrently(8) { _ in (try? Client.exchange(path, Wire.request("/x")).text) ?? "-" }
    #expect(texts == [String](repeating: "/x", count: 8))
    #expect(counter.all.count >= 2)
    #expect(try server.stop()?.get() == 0)
  }

  @Test func `threads are started as they are needed, up to the limit`() throws {
    let handlers = Seen()
    let server = try RunningServer(
      workers: 3,
      makeHandler: { _ in
        handlers.add("one more")
        return { exchange in
          usleep(100_000)
          exchange.write([], [65])
        }
      })
    let path = server.path
    while handlers.all.isEmpty { usleep(1000) }
    usleep(20_000)
    #expect(handlers.all.count == 1)
    let texts = concurrently(12) { _ in (try? Client.exchange(path, Wire.request("/")).text) ?? "-" }
    #expect(texts == [String](repeating: "A", count: 12))
    #expect(handlers.all.count == 3)
  }

  /// On two processors two workers wait for requests; both are taken here, and six more.
  @Test func `those who take long do not keep the others waiting`() throws {
    let hold = Semaphore()
    let held = Seen()
    let server = try RunningServer(workers: 12) { exchange in
      if exchange.parameter("PATH_INFO") == "/long" {
        held.add("")
        hold.wait()
      }
      exchange.write([], [65])
    }
    let long = try (0..<8).map { _ in try Client(server.path) }
    for client in long { client.send(Wire.request("/long")) }
    while held.all.count < 8 { usleep(1000) }
    for _ in 0..<50 { #expect(try Client.exchange(server.path, Wire.request("/quick")).text == "A") }
    for _ in long { hold.signal() }
    for client in long { #expect(Wire.answer(in: client.readAnswer()).text == "A") }
    // Those who step back now are there again for the next ones.
    let texts = concurrently(300) { [path = server.path] _ in
      (try? Client.exchange(path, Wire.request("/quick")).text) ?? "-"
    }
    #expect(texts == [String](repeating: "A", count: 300))
    for client in try (0..<12).map({ _ in try Client(server.path) }) {
      client.send(Wire.request("/long"))
      hold.signal()
    }
    #expect(try server.stop()?.get() == 0)
  }

  /// The supervisor is held back here: nobody else lets workers in.
  @Test func `who says that it waits is replaced at once`() throws {
    let (hold, supervisor) = (Semaphore(), Semaphore())
    let held = Seen()
    defer { for _ in 0..<1000 { supervisor.signal() } }
    let server = try RunningServer(workers: 12, atWork: { if $0 { supervisor.wait() } }) { waits in
      { exchange in
        if exchange.parameter("PATH_INFO") == "/long" {
          waits()
          held.add("")
          hold.wait()
        }
        exchange.write([], [65])
      }
    }
    let long = try (0..<8).map { _ in try Client(server.path) }
    for client in long { client.send(Wire.request("/long")) }
    try #require(Wait.until(within: 20) { held.all.count == 8 })
    #expect(try Client.exchange(server.path, Wire.request("/quick")).text == "A")
    for _ in long { hold.signal() }
    for client in long { #expect(Wire.answer(in: client.readAnswer()).text == "A") }
    for _ in 0..<1000 { supervisor.signal() }
    #expect(try server.stop()?.get() == 0)
  }

  /// Half of the clients are accepted before they say something, the others wait in the kernel's queue.
  @Test func `a stop finishes what is in flight and what waits`() throws {
    let started = Seen()
    let server = try RunningServer(workers: 2) { exchange in
      started.add("")
      usleep(200_000)
      exchange.write([], Array("done".utf8))
    }
    var clients = try (0..<6).map { _ in try Client(server.path) }
    let quiet = try Client(server.path)
    usleep(100_000)
    for client in clients { client.send(Wire.request("/", keep: true)) }
    while started.all.count < 2 { usleep(1000) }
    for _ in 0..<6 {
      let client = try Client(server.path)
      client.send(Wire.request("/"))
      clients.append(client)
    }
    #expect(try server.stop()?.get() == 0)
    for client in clients { #expect(Wire.answer(in: client.readAnswer()) == ("done", 0)) }
    #expect(quiet.readToEnd() == [])
    #expect(!server.folder.exists(server.path))
    #expect(throws: Client.Refused.self) { try Client(server.path) }
  }

  @Test func `whoever comes too late is refused, and does not wait in a queue that nobody works off`() throws
  {
    let started = Seen()
    let server = try RunningServer { exchange in
      started.add("")
      sleep(1)
      exchange.write([], [65])
    }
    // A way to the socket's inode that works when its name is gone, as it is for a client on its way in.
    let asPathOnly: Int32 = 0o10_000_000  // O_PATH, which the header hides.
    let inode = open(server.path, asPathOnly | O_CLOEXEC)
    defer { close(inode) }
    _ = try Client("/proc/self/fd/\(inode)")
    let client = try Client(server.path)
    client.send(Wire.request("/"))
    while started.all.isEmpty { usleep(1000) }
    server.server.stop()
    while server.folder.exists(server.path) { usleep(1000) }
    #expect(Wait.until { (try? Client("/proc/self/fd/\(inode)")) == nil })
    #expect(Wire.answer(in: client.readAnswer()).text == "A")
  }

  @Test func `a stop waits for an answer that is being taken`() throws {
    let server = try RunningServer(handler: Handlers.size)
    let client = try Client(server.path)
    client.send(Wire.request("/1000000"))
    #expect(try Client.exchange(server.path, Wire.request("/3")).text == "xxx")
    server.server.stop()
    while server.folder.exists(server.path) { usleep(1000) }
    usleep(400_000)
    #expect(Wire.answer(in: try #require(client.readToEnd())).text.utf8.count == 1_000_000)
    #expect(try server.waitForEnd()?.get() == 0)
  }

  @Test func `a stop does not wait for ever`() throws {
    let hang = Seen()
    let server = try RunningServer(timeouts: ServerTimeouts(shutdown: .milliseconds(300))) { exchange in
      hang.add("")
      sleep(3)
      exchange.write([], [65])
    }
    let client = try Client(server.path)
    client.send(Wire.request("/"))
    while hang.all.isEmpty { usleep(1000) }
    #expect(try server.stop()?.get() == 1)
    // What was left behind still ends well.
    #expect(Wire.answer(in: client.readAnswer()).text == "A")
  }
}
