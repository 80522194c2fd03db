@testable import FastCGI
import Glibc

/// A server in this process, on a thread of its own, ended with the test.
final class RunningServer {
  let folder: TemporaryFolder
  let server: Server
  private let ended = Ended()

  private final class Ended: Sendable {
    let result = Guarded<Result<Int, FastCGIError>?>(nil)
  }

  var path: String { folder.socket }

  /// - Parameter port: of TCP; without one it listens at a unix socket.
  init(
    workers: Int = 2, port: UInt16? = nil, timeouts: ServerTimeouts = ServerTimeouts(),
    atWork: @escaping @Sendable (Bool) -> Void = { _ in }, makeHandler: @escaping Server.MakeHandler
  ) throws {
    folder = try TemporaryFolder()
    server = try Server(
      listener: .bind(port.map { .loopback(host: "127.0.0.1", port: $0) } ?? .unix(path: folder.socket)),
      workers: workers, timeouts: timeouts, atWork: atWork)
    onThread { [server, ended] in
      let result: Result<Int, FastCGIError>
      do throws(FastCGIError) {
        result = .success(try server.run(makeHandler: makeHandler))
      } catch {
        result = .failure(error)
      }
      ended.result.withLock { $0 = result }
    }
  }

  /// A server with one handler that needs no setting up.
  convenience init(
    workers: Int = 2, port: UInt16? = nil, timeouts: ServerTimeouts = ServerTimeouts(),
    handler: @escaping SharedHandler
  ) throws {
    try self.init(workers: workers, port: port, timeouts: timeouts, makeHandler: { _ in handler })
  }

  deinit { server.stop() }

  /// Ends it and waits, at most a minute. How `run` ended; `nil`: it did not.
  func stop() -> Result<Int, FastCGIError>? {
    server.stop()
    return waitForEnd()
  }

  func waitForEnd() -> Result<Int, FastCGIError>? {
    for _ in 0..<6000 {
      if let result = ended.result.withLock({ $0 }) { return result }
      usleep(10_000)
    }
    return nil
  }
}

/// Runs a closure on a plain thread: the cooperative ones are too few for calls that block.
func onThread(_ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let box = Unmanaged.passRetained(Box(body))
  pthread_create(
    &thread, nil,
    { argument in
      if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
      return nil
    }, box.toOpaque())
  pthread_detach(thread)
}

/// Runs a closure `count` times at the same time and collects what it returned.
func concurrently<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) -> [Result] {
  let results = Results<Result>()
  for index in 0..<count {
    onThread {
      let value = body(index)
      results.values.withLock { $0.append(value) }
    }
  }
  while results.values.withLock({ $0.count }) < count { usleep(1000) }
  return results.values.withLock { $0 }
}

private final class Results<Element: Sendable>: Sendable {
  let values = Guarded<[Element]>([])
}
