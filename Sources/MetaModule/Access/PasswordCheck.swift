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
  /// `nil` where the folder takes no locks: there is only the limit of this process.
  private var locks: Descriptor?

  var isLimitedByProcessAlone: Bool { locks == nil }

  /// `nil`: all places are taken.
  init?(in lane: Lane, folder: String) {
    self.init(in: lane, locks: try? Descriptor(lockFile: folder + "/sign-in.lock"))
  }

  init?(in lane: Lane, locks: consuming Descriptor?) {
    guard let place = lane.tryEnter() else { return nil }
    if let taken = try? locks?.tryLock(oneOf: 2..<2 + Self.places) {
      guard taken else { return nil }
      self.locks = locks
    } else {
      self.locks = nil
    }
    self.place = place
  }

  /// Waits until it is one's turn; `false` when that was not in time.
  ///
  /// - Parameter alone: no other is checked meanwhile that is to be checked alone, too.
  mutating func waitForTurn(alone: Bool) -> Bool {
    let deadline = Deadline.after(milliseconds: Self.patience)
    do throws(SystemError) {
      while try locks?.tryLock(oneOf: 0..<(alone ? 1 : Self.atOnce)) == false {
        guard !deadline.isPast else { return false }
        usleep(5000)
      }
    } catch { locks = nil }
    return true
  }

  consuming func verify(_ password: String, against hash: String) -> Bool {
    let check = { PasswordHash.verify(Array(password.utf8), against: hash) }
    return locks == nil ? Self.withoutLocks.withLock { _ in check() } : check()
  }
}
