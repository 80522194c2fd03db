internal import CSQLite
internal import Glibc
internal import SQL
package import System

/// The files of an open database, as they were when it was opened.
package struct WatchedFiles {
  let path: String
  package let database: FileIdentity
  /// Both are there as long as anybody has a database with a WAL open.
  package let wal: FileIdentity?
  package let index: FileIdentity?
  /// The largest size of the database so far.
  package var size: Int64 = 0
}

/// Files that are removed, replaced or cut while they are open: SQLite would go on writing into what nobody will ever
/// open again, or make a new one. Here the store stops, and says so, until they are back or the program is restarted.
extension Store {
  /// How often a reader looks, in milliseconds; a writer always does, before and after.
  private static let interval: Int64 = 100

  /// Throws when the files are not those that were opened.
  func checkFiles() throws(StoreError) {
    if let loss { throw loss }
    guard let watched else { return }
    for attempt in 1...3 {
      let before = (try? connection?.walIndexHeader()) ?? nil
      let sizes = try sizes(of: watched)
      guard watched.wal != nil, let cut = cutFile(sizes, before) else { return }
      if attempt == 3 {
        // What has been cut off does not come back, and the next one to open it would not miss it.
        let found = StoreError.lost(path: cut, .cut)
        loss = found
        throw found
      }
      usleep(1000)  // A header that was read while it was written tells of nothing.
    }
  }

  /// Of the database, its WAL and the index; throws where one of them is not the file that it was.
  @discardableResult
  private func sizes(of watched: WatchedFiles) throws(StoreError) -> [Int64] {
    var sizes: [Int64] = []
    for (part, expected) in [("", watched.database), ("-wal", watched.wal), ("-shm", watched.index)] {
      guard let expected else { continue }
      let present = DatabaseFile.look(at: file.path + part)
      // Not kept in mind: put back, it is the same file.
      guard let present, present.identity == expected else {
        throw .lost(path: file.path + part, present == nil ? .removed : .replaced)
      }
      sizes.append(present.size)
    }
    return sizes
  }

  /// The same for readers, now and then: the question costs more than what it guards.
  func checkFilesNowAndThen() throws(StoreError) {
    let now = milliseconds(of: CLOCK_MONOTONIC_COARSE)
    guard now - lastLook >= Self.interval || WALIndex.wasCut else { return }
    try checkFiles()
    lastLook = now
  }

  /// SQLite would make the files anew that others, in this process or in another one, still have open and write to.
  func refuseIfTakenAway() throws(StoreError) {
    guard file.carriesWAL, let identity else { return }
    if let files = OpenDatabase.files(of: identity) {
      try sizes(of: files)
      return
    }
    func missing() -> String? {
      ["-wal", "-shm"].map { file.path + $0 }.first { DatabaseFile.identity(of: $0) == nil }
    }
    guard missing() != nil else { return }
    // Never closed: by closing it, a connection that another thread has opened meanwhile would lose its locks. Comes
    // about once in the life of an installation, and when files were taken away.
    let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    // Whoever opens it at this very moment makes them in a moment.
    for _ in 0..<50 {
      guard missing() != nil, file.isOpenElsewhere(descriptor) else { return }
      usleep(10_000)
    }
    if let path = missing() { throw .lost(path: path, .removed) }
  }

  /// What `checkFiles` throws.
  func lossFound() -> StoreError? {
    do { try checkFiles() } catch { return error }
    return nil
  }

  /// What was read or written since the WAL index was cut is worth nothing.
  func refuseCutIndex() throws(SQLError) {
    if WALIndex.wasCut { throw SQLError(code: SQLITE_IOERR) }
  }

  /// To be called when the database has just been opened and read.
  func watchFiles() {
    guard let identity else { return }
    let hasWAL = file.carriesWAL
    watched = WatchedFiles(
      path: file.path, database: identity, wal: hasWAL ? DatabaseFile.identity(of: file.path + "-wal") : nil,
      index: hasWAL ? DatabaseFile.identity(of: file.path + "-shm") : nil)
  }

  /// The file that is shorter than SQLite believes. The WAL index says how much must be there.
  ///
  /// - Parameter before: its header before the sizes were looked at.
  private func cutFile(_ sizes: [Int64], _ before: WALIndexHeader?) -> String? {
    guard sizes.count == 3, !WALIndex.wasCut, sizes[2] >= 32768 else { return file.path + "-shm" }
    guard let before, let after = (try? connection?.walIndexHeader()) ?? nil, before == after else {
      return nil
    }
    let size = sizes[0]
    if sizes[1] < after.walBytes { return file.path + "-wal" }
    // Smaller than it was, although the pages that it lost are still counted.
    if let known = watched?.size, size < known, size < after.databaseBytes { return file.path }
    watched?.size = size
    return nil
  }
}
