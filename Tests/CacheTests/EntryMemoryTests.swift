import Foundation
import System
import Testing

@testable import Cache
@testable import Text

/// Entries in memory: what is served from there, and above all what is not.
struct EntryMemoryTests {
  /// A cache that remembers, on the folder of another one that stands for another process.
  private struct Fixture {
    let folder: CacheFolder
    let memory = EntryMemory(maximumBytes: 1 << 20)
    let cache: FileCache
    let key: CacheKey

    /// With one entry that is old enough to be kept, and was read once.
    init() throws {
      folder = try CacheFolder()
      cache = try FileCache(directory: folder.cache.path, maximumBytes: 64 << 20, memory: memory)
      key = try cacheKey()
      try folder.store("one", under: key)
      while try !state().isDistinct { usleep(50_000) }
      #expect(text == "one")
    }

    var text: String? { cache.read(key, now: folder.now).map { String(decoding: $0.body, as: UTF8.self) } }

    func state() throws -> EntryFileState {
      let file = try Descriptor(opening: folder.file(of: key), O_RDONLY)
      return EntryFileState(try file.status())
    }

    func isKept() throws -> Bool { memory.entry(key, in: try state()) != nil }
  }

  @Test func `an entry that was read is kept, with all that belongs to it`() throws {
    let fixture = try Fixture()
    #expect(try fixture.isKept())
    let kept = try #require(fixture.cache.read(fixture.key, now: fixture.folder.now))
    let read = try #require(fixture.folder.cache.read(fixture.key, now: fixture.folder.now))
    #expect(kept.body == read.body && kept.etag == read.etag && kept.storedAt == read.storedAt)
    #expect(kept.freshUntil == read.freshUntil && kept.staleUntil == read.staleUntil)
    let later = Timestamp(seconds: fixture.folder.now.seconds + 300)
    #expect(fixture.cache.read(fixture.key, now: later)?.isFresh(now: later) == false)
  }

  @Test func `what a key names for good is read from memory, as long as it may be served`() throws {
    let fixture = try Fixture()
    let (key, now) = (fixture.key, fixture.folder.now)
    try fixture.folder.cache.remove(key)
    let kept = try #require(fixture.cache.read(key, now: now, isOfOneBody: true))
    #expect(String(decoding: kept.body, as: UTF8.self) == "one")
    let end = Timestamp(seconds: kept.staleUntil.seconds + 1)
    #expect(fixture.cache.read(key, now: end, isOfOneBody: true) == nil)
    #expect(fixture.text == nil)
    #expect(fixture.cache.read(key, now: now, isOfOneBody: true) == nil)
  }

  @Test func `what another process stores, removes or damages is seen by the next read`() throws {
    let fixture = try Fixture()
    try fixture.folder.store("two", under: fixture.key)
    #expect(fixture.text == "two")
    try fixture.folder.cache.remove(fixture.key)
    #expect(fixture.text == nil)
    try fixture.folder.store("one", under: fixture.key)
    #expect(fixture.text == "one")
    var bytes = try cacheFileBytes(of: fixture.folder.file(of: fixture.key))
    bytes[bytes.count - 1] ^= 1
    try overwriteCacheFile(fixture.folder.file(of: fixture.key), bytes)
    #expect(fixture.text == nil)
  }

  @Test func `without its directory an entry is gone`() throws {
    let fixture = try Fixture()
    try FileManager.default.removeItem(atPath: fixture.cache.path)
    #expect(fixture.text == nil)
  }

  /// Two files of one tick of the file system's clock could have the same inode and the same times.
  @Test func `a file of this moment is not kept`() throws {
    let fixture = try Fixture()
    try fixture.folder.store("two", under: fixture.key)
    #expect(fixture.text == "two")
    #expect(try !fixture.isKept())
  }

  @Test func `some go when there is no room, and a giant is not kept at all`() throws {
    let fixture = try Fixture()
    func entry(_ bytes: Int) throws -> CachedEntry {
      try CachedEntry(
        [UInt8](repeating: 0, count: bytes), etag: "\"\"", now: fixture.folder.now, freshFor: 0, staleFor: 0)
    }
    let state = try fixture.state()
    let keys = try (0..<100).map { try cacheKey("k\($0)") }
    for key in keys { fixture.memory.keep(try entry(30_000), in: state, as: key) }
    let count = keys.count { fixture.memory.entry($0, in: state) != nil }
    #expect(count == (1 << 20) / 30_512 || count == (1 << 20) / 30_512 - 1)  // "one" may still be there.
    let last = try #require(keys.last)
    fixture.memory.keep(try entry(70_000), in: state, as: last)
    #expect(fixture.memory.entry(last, in: state) == nil)
  }

  /// Processor time of the own thread, compared with itself: a busy machine makes both slow.
  @Test func `among many entries one makes room as fast as among few`() throws {
    let fixture = try Fixture()
    let state = try fixture.state()
    let entry = try CachedEntry([], etag: "\"\"", now: fixture.folder.now, freshFor: 0, staleFor: 0)
    let keys = try (0..<34_000).map { try cacheKey("k\($0)") }
    func cost(among count: Int) -> Int {
      let memory = EntryMemory(maximumBytes: 512 * count)
      for key in keys.prefix(count) { memory.keep(entry, in: state, as: key) }
      return (0..<5).map { run in
        let begin = cpuTime()
        for key in keys.dropFirst(count + 100 * run).prefix(100) { memory.keep(entry, in: state, as: key) }
        return cpuTime() - begin
      }.min() ?? 0
    }
    let (few, many) = (cost(among: 1000), cost(among: 32_000))
    #expect(many < 10 * max(few, 100_000), "\(few) ns, then \(many) ns")
  }

  private func cpuTime() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
