internal import Cryptography
internal import Glibc
internal import Synchronization
internal import System

/// A place for one sign-in, in this process and among all processes, for as long as it lives.
///
/// A password costs 0.13 s and 16 MiB to check, and anybody may ask for it. So few places lead here, one or two of
/// those who have one are at work at a time, and whoever finds none is told so at once: no worker waits long for a hash.
struct PasswordCheck: ~Copyable {
  /// Places of all processes together; a process has fewer where it has few workers.
  static let places = 8
  /// Two are 32 MiB; and a machine with two processors keeps one for those who ask for a grid.
  private static let atOnce = max(1, min(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2))
  /// In milliseconds: much longer than all who may be before one take.
  private static let patience: Int32 = 2000
  private static let withoutLocks = Mutex(())

  private let place: Lane.Place
  private let locks: FileLock?

  /// `nil`: all places are taken. Where the folder takes no locks there is only the limit of this process.
  init?(in lane: Lane, folder: String) {
    guard let place = lane.tryEnter() else { return nil }
    let locks = try? FileLock(folder + "/sign-in.lock")
    if locks?.tryTake(oneOf: 2..<2 + Self.places) == false { return nil }
    self.place = place
    self.locks = locks
  }

  /// Waits until it is one's turn; `false` when that was not in time.
  ///
  /// - Parameter alone: no other is checked meanwhile that is to be checked alone, too.
  borrowing func waitForTurn(alone: Bool) -> Bool {
    let deadline = Deadline.after(milliseconds: Self.patience)
    while locks?.tryTake(oneOf: 0..<(alone ? 1 : Self.atOnce)) == false {
      guard !deadline.isPast else { return false }
      usleep(5000)
    }
    return true
  }

  /// Whether the stored text was made from this password.
  consuming func verify(_ password: String, against hash: String) -> Bool {
    let check = { PasswordHash.verify(Array(password.utf8), against: hash) }
    return locks == nil ? Self.withoutLocks.withLock { _ in check() } : check()
  }
}
