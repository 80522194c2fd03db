internal import Glibc
internal import Synchronization

/// Entries that were read and checked a moment ago, kept in memory for all workers of a process.
///
/// A kept entry is served only while one `lstat` says that the same, untouched file stands at its path: whoever
/// replaces or removes the file, in whatever process, is heeded by the very next request. When memory is short of
/// room, any of them goes.
package final class EntryMemory: Sendable {
  private struct Contents {
    /// Each has its validator.
    var entries: [CacheKey: (entry: CachedEntry, place: Int)] = [:]
    /// Each at the place that its entry knows: any of them is found at once, and not after half of all.
    var keys: [CacheKey] = []
    var bytes = 0
  }

  private let maximumBytes: Int
  private let contents = Mutex(Contents())

  /// An empty one, for entries of so many bytes altogether.
  package init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  /// What is kept under this key, whatever file it was read from.
  func entry(_ key: CacheKey) -> CachedEntry? { contents.withLock { $0.entries[key]?.entry } }

  /// What is kept of this file.
  func entry(_ key: CacheKey, in file: EntryFileState) -> CachedEntry? {
    contents.withLock { contents in
      guard let kept = contents.entries[key]?.entry, kept.validator?.file == file else { return nil }
      return kept
    }
  }

  /// Keeps an entry, in the place of an older one of the same key. One that takes more than a sixteenth of the room is
  /// not worth the others.
  /// - Returns: the entry as it is kept.
  @discardableResult
  func keep(_ entry: CachedEntry, in file: EntryFileState, as key: CacheKey) -> CachedEntry {
    let size = Self.size(of: entry)
    guard size <= maximumBytes / 16 else {
      forget(key)
      return entry
    }
    var entry = entry
    entry.validator = EntryValidator(key: key, file: file)
    contents.withLock { [entry] contents in
      Self.remove(key, from: &contents)
      while contents.bytes + size > maximumBytes, let victim = contents.keys.randomElement() {
        Self.remove(victim, from: &contents)
      }
      contents.entries[key] = (entry, contents.keys.count)
      contents.keys.append(key)
      contents.bytes += size
    }
    return entry
  }

  func forget(_ key: CacheKey) { contents.withLock { Self.remove(key, from: &$0) } }

  private static func remove(_ key: CacheKey, from contents: inout Contents) {
    guard let old = contents.entries.removeValue(forKey: key) else { return }
    contents.bytes -= size(of: old.entry)
    let last = contents.keys.removeLast()
    guard old.place < contents.keys.count else { return }
    contents.keys[old.place] = last
    contents.entries[last]?.place = old.place
  }

  /// The body, and what the rest of an entry takes: key, ETag, times, the dictionary's place.
  private static func size(of entry: CachedEntry) -> Int { entry.body.count + 512 }
}

/// By what an entry that was read is known to stand as it did.
package struct EntryValidator: Sendable {
  let key: CacheKey
  let file: EntryFileState
}

/// By what a file is known to be the same and untouched. An entry is never written into again: a new one is another
/// file under the same name.
struct EntryFileState: Equatable, Sendable {
  private let inode: ino_t
  private let changed: Int64
  private let modified: Int64
  private let size: off_t
  private let device: dev_t

  init(_ status: stat) {
    inode = status.st_ino
    changed = Self.nanoseconds(status.st_ctim)
    modified = Self.nanoseconds(status.st_mtim)
    size = status.st_size
    device = status.st_dev
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// Whether a later file would differ for certain. The file system's clock ticks every few milliseconds, and an inode
  /// may be given again at once, so two files of one tick could look the same.
  var isDistinct: Bool { changed / 1_000_000_000 < time(nil) - 1 }
}
