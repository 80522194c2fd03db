import Cache
import Glibc
import Text

/// Many threads that miss the same key at once. Each prints `hit`, `led`, `landed`, `failed`, `timedOut` or
/// `unavailable` and the body it would answer with; each fetch is a line in the log.
struct Stampede {
  let cache: FileCache
  let key: CacheKey
  let log: String
  let isFailing: Bool

  func run(threads count: Int) {
    var threads: [pthread_t] = []
    for _ in 0..<count {
      var thread = pthread_t()
      let box = Unmanaged.passRetained(Box(self))
      let status = pthread_create(
        &thread, nil,
        { raw in
          guard let raw else { return nil }
          say(Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().stampede.answer())
          return nil
        }, box.toOpaque())
      if status == 0 { threads.append(thread) }
    }
    for thread in threads { pthread_join(thread, nil) }
  }

  private func answer() -> String {
    let now = Timestamp.now
    if let entry = cache.read(key, now: now), entry.isFresh(now: now) { return line("hit", entry.body) }
    switch cache.beginFlight(key, now: now, waitAtMost: .seconds(60)) {
    case .leader(let flight):
      let body = fetch()
      if isFailing {
        flight.fail(body)
        return line("led", body)
      }
      do throws(CacheError) {
        let isStored = try flight.land(body, etag: "\"a\"", now: .now, freshFor: 300, staleFor: 86_400)
        return line(isStored ? "led" : "superseded", body)
      } catch {
        return line("unstored", body)
      }
    case .landed(let entry): return line("landed", entry.body)
    case .failed(let payload): return line("failed", payload)
    case .timedOut: return line("timedOut", [])
    case .unavailable: return line("unavailable", fetch())
    }
  }

  /// Takes 300 ms, as a call to Graph does, and gives another body each time.
  private func fetch() -> [UInt8] {
    let body = "fetched by \(getpid()) \(UInt64.random(in: .min ... .max))"
    let file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    _ = Array((body + "\n").utf8).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    close(file)
    usleep(300_000)
    return Array(body.utf8)
  }

  private func line(_ outcome: String, _ body: [UInt8]) -> String {
    outcome + " " + String(decoding: body, as: UTF8.self)
  }

  private final class Box {
    let stampede: Stampede
    init(_ stampede: Stampede) { self.stampede = stampede }
  }
}
