import Foundation
import Glibc
import Testing

@testable import Cache

struct CacheDirectoryTests {
  @Test func `everything is for us alone, whatever the umask`() throws {
    let folder = try CacheFolder()
    try folder.store("x", under: try cacheKey())
    #expect(try mode(folder.cache.path) == 0o700)
    for path in folder.files() {
      #expect(try mode(folder.cache.path + "/" + path) & 0o077 == 0, "\(path)")
    }
  }

  @Test func `a folder of ours that others may enter is closed to them`() throws {
    let folder = try CacheFolder()
    chmod(folder.cache.path, 0o755)
    _ = try FileCache(directory: folder.cache.path + "//", maximumBytes: 1000)
    #expect(try mode(folder.cache.path) == 0o700)
  }

  @Test func `missing parents are made, for us alone`() throws {
    let folder = try CacheFolder()
    let cache = try FileCache(directory: folder.parent + "/a/b/c", maximumBytes: 1000)
    #expect(try mode(folder.parent + "/a") == 0o700)
    try cache.check()
  }

  @Test func `a symbolic link is refused`() throws {
    let folder = try CacheFolder()
    let link = folder.parent + "/link"
    symlink(folder.cache.path, link)
    lchown(link, 65534, 65534)  // One of root's is followed.
    let reason = "is a symbolic link; name the folder itself"
    #expect(throws: CacheError.refused(path: link, reason: reason)) {
      try FileCache(directory: link, maximumBytes: 1000)
    }
    #expect(throws: CacheError.refused(path: link, reason: reason)) {
      try FileCache(directory: link + "/", maximumBytes: 1000)
    }
  }

  @Test func `a file is refused`() throws {
    let folder = try CacheFolder()
    try overwriteCacheFile(folder.parent + "/file", [])
    #expect(throws: CacheError.refused(path: folder.parent + "/file", reason: "is not a folder")) {
      try FileCache(directory: folder.parent + "/file", maximumBytes: 1000)
    }
  }

  @Test(arguments: ["", "/", "//", "a\0b", String(repeating: "/x", count: 4000)])
  func `what is no path is refused`(path: String) {
    #expect(throws: CacheError.self) { try FileCache(directory: path, maximumBytes: 1000) }
  }

  @Test func `a folder with other things in it is refused, and left as it is`() throws {
    let folder = try CacheFolder()
    let home = folder.parent + "/home"
    mkdir(home, 0o755)
    try overwriteCacheFile(home + "/letter.txt", [1])
    #expect(
      throws: CacheError.refused(path: home, reason: "holds other things than a cache; name an empty folder")
    ) {
      try FileCache(directory: home, maximumBytes: 1000)
    }
    #expect(try mode(home) == 0o755)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a folder away"))
  func `somebody else's folder is refused`() throws {
    let folder = try CacheFolder()
    let theirs = folder.parent + "/theirs"
    mkdir(theirs, 0o777)
    chown(theirs, 12345, 12345)
    #expect(throws: CacheError.refused(path: theirs, reason: "belongs to user 12345, and this is user 0")) {
      try FileCache(directory: theirs, maximumBytes: 1000)
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
  func `somebody else's entry is a miss`() throws {
    let folder = try CacheFolder()
    try folder.store("x", under: try cacheKey())
    chown(folder.file(of: try cacheKey()), 12345, 12345)
    #expect(folder.text(under: try cacheKey()) == nil)
  }

  enum Obstacle: CaseIterable { case link, fifo, folder, danglingLink }

  @Test(.timeLimit(.minutes(1)), arguments: Obstacle.allCases)
  func `what is no file is a miss and is replaced by the next store`(obstacle: Obstacle) throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    try folder.store("old", under: key)
    let file = folder.file(of: key)
    let elsewhere = folder.parent + "/elsewhere"
    rename(file, elsewhere)
    switch obstacle {
    case .link: symlink(elsewhere, file)
    case .danglingLink: symlink("/nowhere", file)
    case .fifo: mkfifo(file, 0o600)
    case .folder: mkdir(file, 0o700)
    }
    #expect(folder.text(under: key) == nil)
    try folder.store("new", under: key)
    #expect(folder.text(under: key) == "new")
    let untouched = try cacheFileBytes(of: elsewhere)
    #expect(untouched.suffix(3).elementsEqual("old".utf8))
  }

  @Test func `a full folder in the place of an entry is an error, and no torso is left`() throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    try folder.store("old", under: key)
    unlink(folder.file(of: key))
    mkdir(folder.file(of: key), 0o700)
    try overwriteCacheFile(folder.file(of: key) + "/x", [])
    #expect(throws: CacheError.self) { try folder.store("new", under: key) }
    #expect(!folder.files().contains { $0.hasSuffix(".torso") })
  }

  @Test func `a link in the place of a subfolder is not written through`() throws {
    let folder = try CacheFolder()
    let key = try cacheKey()
    let elsewhere = folder.parent + "/elsewhere"
    mkdir(elsewhere, 0o700)
    symlink(elsewhere, folder.cache.path + "/" + CacheDirectory.shardName(key.shard))
    try folder.store("new", under: key)
    #expect(folder.text(under: key) == "new")
    #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere).isEmpty)
  }

  @Test(arguments: ["", "junk", String(repeating: "\u{ff}", count: 9000)])
  func `an index of any content does no harm`(content: String) throws {
    let folder = try CacheFolder()
    try folder.store("x", under: try cacheKey())
    try overwriteCacheFile(folder.cache.path + "/ledger", Array(content.utf8))
    try folder.store("y", under: try cacheKey())
    folder.cache.sweepIfDue(now: folder.now)
    try folder.cache.sweep(now: folder.now)
    #expect(folder.text(under: try cacheKey()) == "y")
    try folder.cache.remove(try cacheKey())
    #expect(folder.text(under: try cacheKey()) == nil)
  }

  @Test(.timeLimit(.minutes(1)))
  func `the directory may be removed at any moment`() async throws {
    let folder = try CacheFolder()
    let removed = CacheCounter()
    let landed = CacheCounter()
    let wrong = CacheCounter()
    _ = await onCacheThreads(5) { place in
      guard let key = CacheKey("k\(place)") else { return }
      while removed.value < 50 || landed.value < 50 {
        if place == 0 {
          try? FileManager.default.removeItem(atPath: folder.cache.path)
          _ = removed.increment()
          usleep(5000)
        } else if case .leader(let flight) = folder.cache.beginFlight(
          key, now: folder.now, waitAtMost: .zero)
        {
          // Storing may fail while the folder is being taken away; it must not trap, nor read what is not
          // there.
          let isStored = try? flight.land(
            [1, 2, 3], etag: "\"a\"", now: folder.now, freshFor: 0, staleFor: 9)
          if isStored == true { _ = landed.increment() }
        }
        if let entry = folder.cache.read(key, now: folder.now), entry.body != [1, 2, 3] {
          _ = wrong.increment()
        }
      }
    }
    #expect(wrong.value == 0)
    try folder.store("back again", under: try cacheKey())
    #expect(folder.text(under: try cacheKey()) == "back again")
  }

  private func mode(_ path: String) throws -> mode_t {
    var status = stat()
    try #require(lstat(path, &status) == 0)
    return status.st_mode & 0o777
  }
}
