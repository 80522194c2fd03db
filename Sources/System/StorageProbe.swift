internal import Glibc
internal import Synchronization

/// Whether a folder takes anything more, asked by writing: quotas, reserved blocks and read-only mounts are told by
/// nothing else, and a database that is only read notices none of them.
package enum StorageProbe {
  /// What stands in the way, in a word that a stranger may read too.
  package enum Problem: Sendable {
    case full
    case unwritable
  }

  /// As much as a write of ours and its log take. Less than this is a full disk.
  private static let size = 64 << 10
  /// Seconds for which an outcome is taken for true: health is asked every second by some.
  private static let interval: Duration = .seconds(5)
  private static let outcomes = Mutex<[String: (at: ContinuousClock.Instant, problem: Problem?)]>([:])

  /// What was found less than five seconds ago, or is found now. Whoever asks meanwhile gets what was found before.
  package static func problem(in folder: String) -> Problem? {
    let now = ContinuousClock.now
    let known: (problem: Problem?, isFresh: Bool) = outcomes.withLock { outcomes in
      guard let last = outcomes[folder] else { return (nil, false) }
      if now - last.at < interval { return (last.problem, true) }
      outcomes[folder] = (now, last.problem)
      return (last.problem, false)
    }
    if known.isFresh { return known.problem }
    let problem = look(in: folder)
    outcomes.withLock { $0[folder] = (now, problem) }
    return problem
  }

  /// Writes to a file that never gets a name, so that nothing of it can stay.
  package static func look(in folder: String) -> Problem? {
    var descriptor = open(folder, O_RDWR | temporaryFile | O_CLOEXEC, 0o600)
    if descriptor < 0, [EOPNOTSUPP, EISDIR, EINVAL, ENOENT].contains(errno) {
      // Network file systems have no such files.
      descriptor = openUnlinked(in: folder)
    }
    guard descriptor >= 0 else { return problem(of: errno) }
    let file = Descriptor(owning: descriptor)
    // Not zeros, which some file systems keep nowhere.
    do { try file.write([UInt8](repeating: 0x2E, count: size)) } catch { return problem(of: error.code) }
    return nil
  }

  /// A file that has lost its name, or -1 with `errno`.
  static func openUnlinked(in folder: String) -> Int32 {
    let name = folder + "/.probe.\(UInt64.random(in: .min ... .max))"
    let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    if descriptor >= 0 { unlink(name) }
    return descriptor
  }

  /// - Returns: `nil` for what is no property of the disk: a process that has no descriptor left, or a cache that somebody
  ///   has removed, which the next entry makes anew.
  private static func problem(of failure: Int32) -> Problem? {
    switch failure {
    case ENOSPC, EDQUOT, EFBIG: .full
    case EMFILE, ENFILE, EINTR, ENOMEM, ENOENT: nil
    default: .unwritable
    }
  }

  /// `O_TMPFILE` of linux/fcntl.h, a compound macro that Swift does not import.
  private static let temporaryFile = 0o20_000_000 | O_DIRECTORY
}
