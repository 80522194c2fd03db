package import Cache
internal import Glibc
internal import Text

extension Application {
  package var cacheDirectory: String { configuration.cacheDirectory }

  package func cacheStatistics() throws(OperationError) -> CacheStatistics {
    try operation { try usableCache().statistics(now: .now) }
  }

  /// What the pictures take.
  package var pictureBytes: Int64 { PictureFolder(configuration).totalBytes }

  /// Removes every cached answer and picture. What is asked next is fetched anew; nothing is lost.
  ///
  /// - Returns: How many files were removed.
  package func clearCache() throws(OperationError) -> Int {
    try operation { try usableCache().clear() } + PictureFolder(configuration).clear()
  }

  private func usableCache() throws -> FileCache {
    guard rooms.cache != nil || access(configuration.cacheDirectory, F_OK) == 0 else {
      throw OperationError.refused("There is no cache at \(configuration.cacheDirectory) yet.")
    }
    // Made anew for its error: the application goes on without a cache, an operator wants to know why.
    return try rooms.cache
      ?? FileCache(directory: configuration.cacheDirectory, maximumBytes: configuration.cacheMaximumBytes)
  }
}
