internal import Glibc
internal import System

/// Who holds a lock on a file, as the kernel tells it: a sentence that names the program is worth more than `fuser`.
enum LockHolders {
  /// `sqlite3 (process 4711)`, for each process but ours that may write to one of the files while others may not.
  static func names(of paths: [String]) -> [String] {
    let files = Set(paths.compactMap { fileStatus(of: $0).map { UInt64($0.st_ino) } })
    guard let bytes = SmallFile.read("/proc/locks", limit: 1 << 20) else { return [] }
    var holders: Set<Int32> = []
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      // `1: POSIX  ADVISORY  WRITE 4711 08:01:131 120 120`; who waits has an arrow in the second place.
      let fields = line.split(separator: " ")
      guard fields.count >= 6, fields[3] == "WRITE", let process = Int32(fields[4]), process > 0,
        let inode = fields[5].split(separator: ":").last.flatMap({ UInt64($0) }), files.contains(inode)
      else { continue }
      holders.insert(process)
    }
    holders.remove(getpid())
    return holders.sorted().map { "\(name(of: $0)) (process \($0))" }
  }

  private static func name(of process: Int32) -> String {
    guard let bytes = SmallFile.read("/proc/\(process)/comm", limit: 4096) else { return "a program" }
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }
}
