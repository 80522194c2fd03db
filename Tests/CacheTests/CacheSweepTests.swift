import Foundation
import Testing

@testable import Cache
@testable import Text

struct CacheSweepTests {
  @Test func `expired entries are removed, others stay`() throws {
    let folder = try CacheFolder()
    let yesterday = Timestamp(seconds: folder.now.seconds - 86_401)
    for place in 0..<50 { try folder.store("old", under: try cacheKey("old\(place)"), at: yesterday) }
    for place in 0..<50 { try folder.store("new", under: try cacheKey("new\(place)")) }
    #expect(try folder.cache.statistics(now: folder.now).expired == 50)
    #expect(try folder.cache.sweep(now: folder.now).removed == 50)
    #expect((0..<50).allSatisfy { (try? folder.text(under: cacheKey("new\($0)"))) == "new" })
    let statistics = try folder.cache.statistics(now: folder.now)
    #expect(statistics.entries == 50)
    #expect(statistics.expired == 0)
    #expect(statistics.bytes == 50 * 4096)
  }

  @Test func `over the maximum the oldest go, until nine tenths are left`() throws {
    let folder = try CacheFolder()
    let small = try folder.withMaximum(100 * 4096)
    // Shuffled, so that neither the order of the names nor that of the files tells the age.
    for place in (0..<150).shuffled() {
      let moment = Timestamp(seconds: folder.now.seconds - 1000 + Int64(place))
      try folder.store("x", under: try cacheKey("k\(place)"), at: moment)
    }
    let report = try small.sweep(now: folder.now)
    #expect(report.bytes == 90 * 4096)
    #expect(try folder.cache.statistics(now: folder.now).bytes == 90 * 4096)
    let left = (0..<150).filter { (try? folder.text(under: cacheKey("k\($0)"))) != nil }
    #expect(left == Array(60..<150))
  }

  @Test func `entries of one age are thinned out, not wiped out`() throws {
    let folder = try CacheFolder()
    for place in 0..<150 { try folder.store("x", under: try cacheKey("k\(place)")) }
    #expect(try folder.withMaximum(100 * 4096).sweep(now: folder.now).bytes == 90 * 4096)
  }

  @Test func `it is swept as soon as more is stored than the maximum, else once a minute`() throws {
    let folder = try CacheFolder()
    let small = try folder.withMaximum(20 * 4096)
    func sweep(after seconds: Int64) -> FileCache.SweepReport? {
      small.sweepIfDue(now: Timestamp(seconds: folder.now.seconds + seconds))
    }
    #expect(sweep(after: 0) != nil)
    #expect(sweep(after: 59) == nil)
    #expect(sweep(after: 60) != nil)
    #expect(sweep(after: 61) == nil)
    #expect(sweep(after: -3600) != nil, "a clock that stepped back does not stop sweeping for an hour")
    for place in 0..<30 { try folder.store("x", under: try cacheKey("k\(place)")) }
    let report = try #require(sweep(after: -3599))
    #expect(report.bytes == 18 * 4096)
    #expect(sweep(after: -3598) == nil)
  }

  @Test func `whatever the rate, it never holds a twentieth more than it may`() async throws {
    let folder = try CacheFolder()
    let maximum = 100 * 4096
    // A value of its own for each thread, as each process has: they share nothing but the directory.
    let refused = await onCacheThreads(8) { thread -> Int in
      guard let cache = try? folder.withMaximum(maximum) else { return 0 }
      return (0..<40).count { place in
        guard let key = CacheKey("t\(thread)-\(place)") else { return false }
        do {
          try cache.store([1], etag: "\"a\"", under: key, now: folder.now, freshFor: 300, staleFor: 86_400)
          return false
        } catch { return error as? CacheError == .full(maximumBytes: maximum) }
      }
    }
    let count = refused.reduce(0, +)
    #expect(count == 215)
    let small = try folder.withMaximum(maximum)
    let bytes = try small.statistics(now: folder.now).bytes
    #expect(bytes == 105 * 4096)
    let swept = small.sweepIfDue(now: folder.now)
    #expect((swept?.bytes ?? 0) == Int64(90 * 4096))
    #expect(small.sweepIfDue(now: folder.now) == nil)
    try small.store([1], etag: "\"a\"", under: cacheKey(), now: folder.now, freshFor: 300, staleFor: 86_400)
  }

  @Test func `room is made for what was refused, although the rest is not too much`() throws {
    let folder = try CacheFolder()
    let small = try folder.withMaximum(100 * 4096)
    for place in 0..<100 { try folder.store("x", under: try cacheKey("k\(place)")) }
    #expect(small.sweepIfDue(now: folder.now) != nil)
    let large = [UInt8](repeating: 1, count: 6 * 4096)
    func store() throws {
      try small.store(
        large, etag: "\"a\"", under: cacheKey(), now: folder.now, freshFor: 300, staleFor: 86_400)
    }
    #expect(throws: CacheError.full(maximumBytes: 100 * 4096)) { try store() }
    #expect(small.sweepIfDue(now: folder.now) == nil)
    #expect(small.sweepIfDue(now: folder.now, needsRoom: true) != nil)
    try store()
  }

  @Test func `sixteen minutes sweep everything`() throws {
    let folder = try CacheFolder()
    let yesterday = Timestamp(seconds: folder.now.seconds - 100_000)
    for place in 0..<300 { try folder.store("old", under: try cacheKey("old\(place)"), at: yesterday) }
    let removed = (0..<16).map { minute in
      folder.cache.sweepIfDue(now: Timestamp(seconds: folder.now.seconds + 60 * minute))?.removed ?? 0
    }
    #expect(removed.reduce(0, +) == 300)
    #expect(removed.allSatisfy { $0 < 100 })
  }

  @Test func `the index knows what replacing and removing do to the size`() throws {
    let folder = try CacheFolder()
    let index = try CacheIndex(in: CacheDirectory(path: folder.cache.path))
    try folder.store(String(repeating: "x", count: 10_000), under: try cacheKey())
    #expect(index.totalBytes() == 3 * 4096)
    try folder.store("x", under: try cacheKey())
    #expect(index.totalBytes() == 4096)
    try folder.cache.remove(try cacheKey())
    #expect(index.totalBytes() == 0)
  }

  @Test func `a torso is removed when it is old, a foreign file never`() throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    try folder.store("x", under: key)
    let shard = folder.cache.path + "/" + CacheDirectory.shardName(key.shard)
    for name in ["old.torso", "new.torso", "notes.txt"] { try overwriteCacheFile(shard + "/" + name, [1]) }
    let files = FileManager.default
    try files.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: Double(folder.now.seconds) - 700)],
      ofItemAtPath: shard + "/old.torso")
    try files.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: Double(folder.now.seconds))],
      ofItemAtPath: shard + "/new.torso")
    try folder.cache.sweep(now: folder.now)
    #expect(
      try files.contentsOfDirectory(atPath: shard).sorted()
        == ["\(key).entry", "new.torso", "notes.txt"].sorted())
  }

  @Test func `clearing removes every entry, and what is being fetched is not stored`() throws {
    let folder = try CacheFolder()
    for place in 0..<50 { try folder.store("x", under: try cacheKey("k\(place)")) }
    guard
      case .leader(let flight) = folder.cache.beginFlight(try cacheKey(), now: folder.now, waitAtMost: .zero)
    else {
      Issue.record("not the leader")
      return
    }
    #expect(try folder.cache.clear() == 50)
    let isStored = try flight.land([1], etag: "\"a\"", now: folder.now, freshFor: 300, staleFor: 86_400)
    #expect(!isStored)
    #expect(
      try folder.cache.statistics(now: folder.now) == CacheStatistics(maximumBytes: folder.cache.maximumBytes)
    )
  }

  @Test func `a removed directory is an empty cache`() throws {
    let folder = try CacheFolder()
    try FileManager.default.removeItem(atPath: folder.cache.path)
    #expect(try folder.cache.statistics(now: folder.now).entries == 0)
    try folder.cache.remove(try cacheKey())
    #expect(try folder.cache.clear() == 0)
  }
}
