import Foundation
import Testing

@testable import Cache
@testable import Text

struct CacheEntryTests {
  @Test(arguments: [0, 1, 31, 32, 8192, 1_000_000, FileCache.maximumBodyBytes])
  func `what was stored is read, in any size`(count: Int) throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try folder.cache.store(
      body, etag: "\"e-1\"", under: key, now: folder.now, freshFor: 300, staleFor: 86_400)
    let entry = try #require(folder.cache.read(key, now: folder.now))
    #expect(entry.body == body)
    #expect(entry.etag == "\"e-1\"")
    #expect(entry.storedAt == folder.now)
  }

  @Test func `a later entry replaces an earlier one, and keys do not mix`() throws {
    let folder = try CacheFolder()
    try folder.store("one", under: try cacheKey("a"))
    try folder.store("other", under: try cacheKey("b"))
    try folder.store("two", under: try cacheKey("a"))
    #expect(folder.text(under: try cacheKey("a")) == "two")
    #expect(folder.text(under: try cacheKey("b")) == "other")
    #expect(folder.text(under: try cacheKey("c")) == nil)
  }

  @Test func `an entry is fresh for its time, then stale, then absent`() throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    try folder.store("x", under: key)
    func entry(after seconds: Int64) -> CachedEntry? {
      folder.cache.read(key, now: Timestamp(seconds: folder.now.seconds + seconds))
    }
    func isFresh(after seconds: Int64) -> Bool? {
      entry(after: seconds)?.isFresh(now: Timestamp(seconds: folder.now.seconds + seconds))
    }
    #expect(isFresh(after: 0) == true)
    #expect(isFresh(after: 299) == true)
    #expect(isFresh(after: 300) == false)
    #expect(isFresh(after: 86_400) == false)
    #expect(entry(after: 86_401) == nil)

    let later = Timestamp(seconds: folder.now.seconds + 100)
    #expect(entry(after: 100)?.age(now: later) == 100)
    #expect(entry(after: 100)?.secondsLeft(now: later) == 200)
    let tooLate = Timestamp(seconds: folder.now.seconds + 400)
    #expect(entry(after: 400)?.secondsLeft(now: tooLate) == 0)
    #expect(entry(after: 0)?.age(now: Timestamp(seconds: .min)) == 0)
    #expect(entry(after: 0)?.secondsLeft(now: Timestamp(seconds: .min)) == .max)
  }

  @Test(arguments: [-3600, -11, -1_766_052_000, 2_550_000_000, Int64.max - 1_766_052_000])
  func `an entry is a miss after the clock stepped back or far ahead`(step: Int64) throws {
    let folder = try CacheFolder()
    try folder.store("x", under: try cacheKey())
    #expect(folder.text(under: try cacheKey(), at: Timestamp(seconds: folder.now.seconds + step)) == nil)
  }

  @Test func `an entry of a moment ago by another process's clock is fresh`() throws {
    let folder = try CacheFolder()
    try folder.store("x", under: try cacheKey())
    let earlier = Timestamp(seconds: folder.now.seconds - 3)
    let entry = try #require(folder.cache.read(try cacheKey(), now: earlier))
    #expect(entry.isFresh(now: earlier))
    #expect(entry.age(now: earlier) == 0)
  }

  @Test(arguments: [0, 4_300_000_000]) func `the clock may say 1970 or 2106`(seconds: Int64) throws {
    let folder = try CacheFolder()
    try folder.store("x", under: try cacheKey(), at: Timestamp(seconds: seconds))
    #expect(folder.text(under: try cacheKey(), at: Timestamp(seconds: seconds + 200)) == "x")
    #expect(folder.text(under: try cacheKey(), at: Timestamp(seconds: seconds + 90_000)) == nil)
  }

  @Test(arguments: [Int64.min, -1, .max]) func `times that no header can hold are refused`(seconds: Int64)
    throws
  {
    let folder = try CacheFolder()
    #expect(throws: CacheError.self) {
      try folder.store("x", under: try cacheKey(), at: Timestamp(seconds: seconds))
    }
  }

  @Test(arguments: [
    "", "\"", "x", "W/\"x\"", "\"a\r\nSet-Cookie: b\"", "\"a\"b\"",
    "\"" + String(repeating: "x", count: 71) + "\"",
  ])
  func `only a strong ETag is stored`(etag: String) throws {
    let folder = try CacheFolder()
    #expect(throws: CacheError.self) {
      try folder.cache.store(
        [1], etag: etag, under: try cacheKey(), now: folder.now, freshFor: 1, staleFor: 1)
    }
  }

  @Test func `a body over the limit is refused`() throws {
    let folder = try CacheFolder(maximumBytes: 1000)
    #expect(throws: CacheError.tooLarge(bytes: 1001, limit: 1000)) {
      try folder.store(String(repeating: "x", count: 1001), under: try cacheKey())
    }
  }

  @Test func `an entry cut at any length is a miss`() throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    try folder.store("forty bytes or so, that is enough of them", under: key)
    let whole = try cacheFileBytes(of: folder.file(of: key))
    for length in 0..<whole.count {
      try overwriteCacheFile(folder.file(of: key), Array(whole.prefix(length)))
      #expect(folder.text(under: key) == nil, "cut at \(length)")
    }
    try overwriteCacheFile(folder.file(of: key), whole + [0])
    #expect(folder.text(under: key) == nil, "one byte more")
    try overwriteCacheFile(folder.file(of: key), whole)
    #expect(folder.text(under: key) != nil)
  }

  @Test func `an entry with any byte changed is a miss`() throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    try folder.store("forty bytes or so, that is enough of them", under: key)
    let whole = try cacheFileBytes(of: folder.file(of: key))
    for place in whole.indices {
      for change: UInt8 in [0x01, 0x80, 0xff] {
        var damaged = whole
        damaged[place] ^= change
        try overwriteCacheFile(folder.file(of: key), damaged)
        #expect(folder.text(under: key) == nil, "byte \(place) changed by \(change)")
      }
    }
  }

  @Test func `a whole entry of another key is a miss`() throws {
    let folder = try CacheFolder()
    let first = try cacheKey("first")
    let other = try cacheKey("other")
    try folder.store("x", under: first)
    try folder.store("y", under: other)
    try overwriteCacheFile(folder.file(of: first), try cacheFileBytes(of: folder.file(of: other)))
    #expect(folder.text(under: first) == nil)
  }

  /// Headers that say anything, under a checksum that is right: nothing may trap, nothing senseless come out.
  @Test func `no header makes the reader trap`() throws {
    let key = try cacheKey("k")
    let interesting: [Int64] = [.min, .min + 1, -1, 0, 1, 300, 1 << 40, (1 << 40) + 1, .max - 1, .max]
    for storedAt in interesting {
      for freshUntil in interesting {
        for staleUntil in interesting {
          let entry = CachedEntry(
            body: [1, 2, 3], etag: "\"a\"", storedAt: Timestamp(seconds: storedAt),
            freshUntil: Timestamp(seconds: freshUntil), staleUntil: Timestamp(seconds: staleUntil))
          let read = entry.head(for: key).withUnsafeBytes {
            CachedEntry(head: $0, key: key, body: [1, 2, 3])
          }
          let isSound =
            0 <= storedAt && storedAt <= freshUntil && freshUntil <= staleUntil
            && staleUntil <= CachedEntry.maximumTime
          #expect((read != nil) == isSound, "\(storedAt) \(freshUntil) \(staleUntil)")
        }
      }
    }
  }

  @Test(arguments: UInt64(0)..<20) func `no bytes make the reader trap`(seed: UInt64) throws {
    var random = CacheRandomness(seed: seed)
    let key = try cacheKey("k")
    for _ in 0..<1000 {
      var head = (0..<Int.random(in: 0..<200, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      // Half of them get past the first check.
      if Bool.random(using: &random), head.count >= 8 { head.replaceSubrange(0..<8, with: "mmcache1".utf8) }
      let read = head.withUnsafeBytes { CachedEntry(head: $0, key: key, body: []) }
      #expect(read == nil)
    }
  }
}
