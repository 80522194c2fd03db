import Foundation
import Glibc
import System

@testable import Cache
@testable import Text

/// A cache in a folder of its own, which is removed with it.
final class CacheFolder: Sendable {
  /// The folder above the cache's directory.
  let parent: String
  let cache: FileCache
  /// A moment in 2025, so that no test depends on today.
  let now = Timestamp(seconds: 1_766_052_000)

  init(maximumBytes: Int = 64 << 20) throws {
    parent = NSTemporaryDirectory() + "cache-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    cache = try FileCache(directory: parent + "/cache", maximumBytes: maximumBytes)
  }

  /// The same folder, as one sees it that may hold less or more in it.
  func withMaximum(_ bytes: Int) throws -> FileCache {
    try FileCache(directory: cache.path, maximumBytes: bytes)
  }

  deinit { try? FileManager.default.removeItem(atPath: parent) }

  /// Stores a text for 300 s fresh and a day stale.
  func store(_ text: String, under key: CacheKey, at moment: Timestamp? = nil) throws(CacheError) {
    try cache.store(
      Array(text.utf8), etag: "\"\(text.utf8.count)\"", under: key, now: moment ?? now, freshFor: 300,
      staleFor: 86_400)
  }

  /// The text under a key, however old.
  func text(under key: CacheKey, at moment: Timestamp? = nil) -> String? {
    cache.read(key, now: moment ?? now).map { String(decoding: $0.body, as: UTF8.self) }
  }

  /// Where the entry of a key is.
  func file(of key: CacheKey) -> String {
    cache.path + "/" + CacheDirectory.shardName(key.shard) + "/" + key.text + ".entry"
  }

  /// All paths below the cache's directory.
  func files() -> [String] {
    (try? FileManager.default.subpathsOfDirectory(atPath: cache.path)) ?? []
  }
}

/// The key a test stores under.
func cacheKey(_ text: String = "ig_grid_17841405822348523") throws -> CacheKey {
  guard let key = CacheKey(text) else { throw CocoaError(.formatting) }
  return key
}

/// Writes bytes as they are. (Not with `Data`, which takes milliseconds each time.)
func overwriteCacheFile(_ path: String, _ bytes: [UInt8]) throws {
  let file = try Descriptor(opening: path, O_WRONLY | O_CREAT | O_TRUNC)
  try file.write(bytes)
}

/// The bytes of a file.
func cacheFileBytes(of path: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Runs blocking work on threads of its own, never on those that run `async` tests, and returns what they
/// return.
func onCacheThreads<Result: Sendable>(_ count: Int, _ work: @escaping @Sendable (Int) -> Result) async
  -> [Result]
{
  await withTaskGroup(of: Result.self) { group in
    for place in 0..<count {
      group.addTask {
        await withCheckedContinuation { continuation in
          Thread.detachNewThread { continuation.resume(returning: work(place)) }
        }
      }
    }
    return await group.reduce(into: []) { $0.append($1) }
  }
}
