import Synchronization

/// When the addresses of pictures are signed and looked at, and for how long they live: what a script chooses.
final class PictureClock: Sendable {
  private let state = Mutex<(ahead: Int, life: Int?)>((0, nil))

  /// Seconds by which it is later here than elsewhere: what was signed before is as much older.
  func set(ahead: Int) { state.withLock { $0.ahead = ahead } }

  /// For how many seconds an address that is given out from now on lives; `nil`: as long as Meta's.
  func set(life: Int?) { state.withLock { $0.life = life } }

  var cdn: CDN { state.withLock { CDN(now: GraphTime.now() + $0.ahead, life: $0.life) } }
}
