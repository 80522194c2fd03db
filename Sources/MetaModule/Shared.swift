internal import Cache
internal import Glibc
internal import Store
internal import System

/// What the workers of a process share: the places for slow work, what was read of the database and of the cache, and
/// the cache's folder, which is looked through once and not by each of them.
package struct Shared: Sendable {
  package let lanes: Lanes
  /// `nil`: each remembers for itself.
  let reads: ReadCache.Memory?
  /// `nil`: the database is a file.
  let server: Server?
  /// `nil`: no request is like another.
  let microcache: Microcache?
  let warnings = WarningLimiter()
  let feedRate = FeedRate()
  let feedBase = FeedBase()
  let pictureFolder: PictureFolder
  /// `nil` when the directory cannot be used: everything is then answered uncached.
  let cache: FileCache?
  let cacheTrouble: CacheError?

  /// - Parameters:
  ///   - isServing: for many requests. It remembers some 2,000 clients and some 350 grids: the warm ones of an agency, and
  ///     little beside what the workers take anyway. A command or a CGI process remembers nothing.
  ///   - mayMake: the folders, where they are missing.
  init(_ configuration: Configuration, isServing: Bool, mayMake: Bool) {
    lanes = Lanes(workers: configuration.workers)
    reads = isServing ? ReadCache.Memory(maximumBytes: 2 << 20) : nil
    microcache = isServing ? Microcache(maximumBytes: 2 << 20) : nil
    server = configuration.databaseURL.flatMap(Server.init(address:))
    pictureFolder = PictureFolder(configuration)
    if isServing { server?.watch() }
    if mayMake { try? Folder.make(configuration.dataDirectory) }
    // Root leaves a service's cache to the service: it would not use what root has made.
    let mayMakeCache = mayMake && !FileOwner.isForeign(configuration.dataDirectory)
    guard mayMakeCache || access(configuration.cacheDirectory, F_OK) == 0 else {
      (cache, cacheTrouble) = (nil, nil)
      return
    }
    do {
      cache = try FileCache(
        directory: configuration.cacheDirectory, maximumBytes: configuration.cacheMaximumBytes,
        memory: isServing ? EntryMemory(maximumBytes: 4 << 20) : nil)
      cacheTrouble = nil
    } catch { (cache, cacheTrouble) = (nil, error) }
  }
}
