import Foundation
import Glibc
import Testing

@testable import Cache
@testable import Text

struct CacheFlightTests {
  @Test func `of many threads that miss at once, one fetches and all get the same`() async throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    let fetches = CacheCounter()
    let answers = await onCacheThreads(8) { _ -> String in
      switch folder.cache.beginFlight(key, now: folder.now, waitAtMost: .seconds(60)) {
      case .leader(let flight):
        let body = Array("fetch \(fetches.increment())".utf8)
        usleep(100_000)
        _ = try? flight.land(body, etag: "\"a\"", now: folder.now, freshFor: 300, staleFor: 86_400)
        return String(decoding: body, as: UTF8.self)
      case .landed(let entry): return String(decoding: entry.body, as: UTF8.self)
      case .failed: return "failed"
      case .timedOut: return "timedOut"
      case .unavailable: return "unavailable"
      }
    }
    #expect(answers == Array(repeating: "fetch 1", count: 8))
  }

  @Test func `an expired entry makes a leader, a fresh one does not`() throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    try folder.store("x", under: key)
    #expect(outcome(folder, key) == "landed")
    let later = Timestamp(seconds: folder.now.seconds + 300)
    #expect(outcome(folder, key, at: later) == "leader")
  }

  @Test func `a slow flight does not hold up other keys`() throws {
    let folder = try CacheFolder()
    let slow = folder.cache.beginFlight(try cacheKey("slow"), now: folder.now, waitAtMost: .zero)
    for place in 0..<2000 {
      #expect(outcome(folder, try cacheKey("k\(place)")) == "leader")
    }
    guard case .leader(let flight) = slow else {
      Issue.record("not the leader")
      return
    }
    _ = consume flight
  }

  @Test func `waiting ends at its deadline, and a dropped flight lets the next one lead`() throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    do {
      let first = folder.cache.beginFlight(key, now: folder.now, waitAtMost: .zero)
      #expect(outcome(folder, key, waitAtMost: .milliseconds(30)) == "timedOut")
      _ = consume first
    }
    #expect(outcome(folder, key) == "leader")
  }

  @Test func `who waited gets the leader's failure, who comes later tries again`() async throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    let fetches = CacheCounter()
    let answers = await onCacheThreads(8) { _ -> String in
      switch folder.cache.beginFlight(key, now: folder.now, waitAtMost: .seconds(60)) {
      case .leader(let flight):
        let payload = Array("throttled \(fetches.increment())".utf8)
        usleep(200_000)
        flight.fail(payload)
        return String(decoding: payload, as: UTF8.self)
      case .failed(let payload): return String(decoding: payload, as: UTF8.self)
      default: return "something else"
      }
    }
    #expect(answers == Array(repeating: "throttled 1", count: 8))
    #expect(outcome(folder, key) == "leader")
    #expect(outcome(folder, key) == "leader")
  }

  @Test func `what was fetched before a removal is not stored after it`() throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    guard case .leader(let flight) = folder.cache.beginFlight(key, now: folder.now, waitAtMost: .zero) else {
      Issue.record("not the leader")
      return
    }
    try folder.cache.remove(key)
    let isStored = try flight.land([1], etag: "\"a\"", now: folder.now, freshFor: 300, staleFor: 86_400)
    #expect(!isStored)
    #expect(folder.text(under: key) == nil)
    // The next flight began after the removal.
    guard case .leader(let next) = folder.cache.beginFlight(key, now: folder.now, waitAtMost: .zero) else {
      Issue.record("not the leader")
      return
    }
    let isNextStored = try next.land([2], etag: "\"a\"", now: folder.now, freshFor: 300, staleFor: 86_400)
    #expect(isNextStored)
  }

  @Test(.timeLimit(.minutes(5)))
  func `nobody is served a removed entry, while others store and remove it all the time`() async throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    // The "row" that the entry is made from; whoever fetches sees what it is at that moment.
    let row = CacheCounter()
    let landed = CacheCounter()
    let problems = await onCacheThreads(6) { place -> Int in
      var problems = 0
      while row.value < 200 || landed.value < 50 {
        if place == 0 {
          let version = row.increment()
          do { try folder.cache.remove(key) } catch { problems += 1 }
          for _ in 0..<30 {
            if let text = folder.text(under: key), (Int(text) ?? 0) < version { problems += 1 }
          }
        } else if case .leader(let flight) = folder.cache.beginFlight(
          key, now: folder.now, waitAtMost: .zero)
        {
          let body = Array("\(row.value)".utf8)
          usleep(300)
          let isStored = try? flight.land(body, etag: "\"a\"", now: folder.now, freshFor: 300, staleFor: 300)
          if isStored == true { _ = landed.increment() }
        }
      }
      return problems
    }
    #expect(problems.allSatisfy { $0 == 0 })
  }

  @Test func `while somebody changes a subfolder, nobody else stores there or removes`() async throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    try folder.store("old", under: key)
    let index = try CacheIndex(in: CacheDirectory(path: folder.cache.path))
    #expect(try index.tryToLock(.shard(key.shard)))
    let failures = await onCacheThreads(2) { place -> CacheError? in
      do throws(CacheError) {
        if place == 0 { try folder.cache.remove(key) } else { try folder.store("new", under: key) }
        return nil
      } catch {
        return error
      }
    }
    let busy = CacheError.busy(path: folder.cache.path + "/" + CacheDirectory.shardName(key.shard))
    #expect(failures == [busy, busy])
    #expect(folder.text(under: key) == "old")
    #expect(!folder.files().contains { $0.hasSuffix(".torso") })
    index.unlock(.shard(key.shard))
    try folder.store("new", under: key)
  }

  @Test func `who waited for an answer that cannot be stored goes on without the cache`() async throws {
    let folder = try CacheFolder(maximumBytes: 100)
    let key = try cacheKey()
    let answers = await onCacheThreads(8) { _ -> String in
      switch folder.cache.beginFlight(key, now: folder.now, waitAtMost: .seconds(60)) {
      case .leader(let flight):
        usleep(200_000)
        let body = [UInt8](repeating: 1, count: 101)
        let isStored = try? flight.land(body, etag: "\"a\"", now: folder.now, freshFor: 300, staleFor: 86_400)
        return isStored == nil ? "not stored" : "stored"
      case .unavailable: return "unavailable"
      default: return "something else"
      }
    }
    // The lock may go to one of those who waited before it learns that it need not have; never to all in a
    // row.
    #expect(answers.filter { $0 == "not stored" }.count <= 3)
    #expect(answers.filter { $0 == "unavailable" }.count >= 5)
  }

  private func outcome(
    _ folder: CacheFolder, _ key: CacheKey, at moment: Timestamp? = nil, waitAtMost limit: Duration = .zero
  ) -> String {
    switch folder.cache.beginFlight(key, now: moment ?? folder.now, waitAtMost: limit) {
    case .leader: "leader"
    case .landed: "landed"
    case .failed: "failed"
    case .timedOut: "timedOut"
    case .unavailable: "unavailable"
    }
  }
}
