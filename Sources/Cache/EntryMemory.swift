internal import Glibc
internal import Synchronization

/// Entries that were read and checked a moment ago, kept in memory for all workers of a process.
///
/// A kept entry is served only while one `lstat` says that the same, untouched file stands at its path: whoever
/// replaces or removes the file, in whatever process, is heeded by the very next request. When memory is short of
/// room, any of them goes.
package final class EntryMemory: Sendable {
  /// An entry as it was read, and the file it was in.
  package struct Kept {
    package let file: EntryFileState
    package let format: EntryFormat
    package let body: [UInt8]
  }

  private struct Contents {
    var entries: [CacheKey: Kept] = [:]
    var bytes = 0
  }

  private let maximumBytes: Int
  private let contents = Mutex(Contents())

  /// An empty one, for entries of so many bytes altogether.
  package init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  /// What is kept of this file.
  package func entry(_ key: CacheKey, in file: EntryFileState) -> Kept? {
    contents.withLock { contents in
      guard let kept = contents.entries[key], kept.file == file else { return nil }
      return kept
    }
  }

  /// Keeps an entry, in the place of an older one of the same key. One that takes more than a sixteenth of the room is
  /// not worth the others.
  package func keep(_ entry: Kept, as key: CacheKey) {
    let size = Self.size(of: entry)
    guard size <= maximumBytes / 16 else { return forget(key) }
    contents.withLock { contents in
      Self.remove(key, from: &contents)
      while contents.bytes + size > maximumBytes, let victim = contents.entries.keys.randomElement() {
        Self.remove(victim, from: &contents)
      }
      contents.entries[key] = entry
      contents.bytes += size
    }
  }

  /// Forgets an entry.
  package func forget(_ key: CacheKey) { contents.withLock { Self.remove(key, from: &$0) } }

  private static func remove(_ key: CacheKey, from contents: inout Contents) {
    if let old = contents.entries.removeValue(forKey: key) { contents.bytes -= size(of: old) }
  }

  /// The body, and what the rest of an entry takes: key, ETag, times, the dictionary's place.
  private static func size(of entry: Kept) -> Int { entry.body.count + 512 }
}

/// By what a file is known to be the same and untouched. An entry is never written into again: a new one is another
/// file under the same name.
package struct EntryFileState: Equatable {
  private let device: dev_t
  private let inode: ino_t
  private let size: off_t
  private let modified: timespec
  private let changed: timespec

  init(_ status: stat) {
    device = status.st_dev
    inode = status.st_ino
    size = status.st_size
    modified = status.st_mtim
    changed = status.st_ctim
  }

  /// Whether a later file would differ for certain. The file system's clock ticks every few milliseconds, and an inode
  /// may be given again at once, so two files of one tick could look the same.
  var isDistinct: Bool { changed.tv_sec < time(nil) - 1 }

  package static func == (left: EntryFileState, right: EntryFileState) -> Bool {
    left.inode == right.inode && left.changed.tv_nsec == right.changed.tv_nsec
      && left.changed.tv_sec == right.changed.tv_sec && left.modified.tv_sec == right.modified.tv_sec
      && left.modified.tv_nsec == right.modified.tv_nsec && left.size == right.size
      && left.device == right.device
  }
}
