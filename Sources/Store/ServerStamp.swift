internal import Glibc
internal import SQL
internal import Synchronization
internal import System
internal import Text

/// What a warm request asks instead of PostgreSQL: whether anything was taken away since it was read.
///
/// The stamp is another one after each such change. A process reads it every half second and believes it for one; whoever
/// takes something away waits for a bit more before that is acknowledged. A process that is cut off goes on with what it
/// knows, for those whom it knows, and reads the stamp first when the server is back.
extension Server {
  /// How old the stamp may be, in milliseconds.
  package static let freshness: UInt32 = 1000
  /// How often a thread of the process reads it.
  private static let interval: UInt32 = 400
  /// Without a sign of life of that thread for so long this process stood still, and nothing that it knows is believed.
  fileprivate static let stillness: Int64 = 3000

  /// Whether a thread does so, which keeps leases as well.
  var isWatched: Bool { state.withLock { $0.isWatched } }

  /// Reads the stamp again and again, on a thread of its own, as long as this lives.
  package func watch() {
    guard !state.withLock({ $0.isWatched }) else { return }
    let error = PlainThread.start { [weak self] in
      while self?.look() != nil { usleep(Self.interval * 1000) }
    }
    if error == 0 { state.withLock { $0.isWatched = true } }
  }

  private func look() {
    _ = try? readStamp()
    keepLeases()
    dropIdle()
  }

  /// The stamp as long as it need not be read.
  var stampAtHand: Int64? { state.withLock { $0.believed } }

  /// The stamp as it was a second ago at most; while the server is away, as it was last.
  func believedStamp() throws(StoreError) -> Int64 {
    if let known = stampAtHand { return known }
    // One asks for all who come meanwhile.
    let place = stampReader.enter(waitingAtMost: .milliseconds(Self.patience))
    defer { withExtendedLifetime(place) {} }
    if let known = stampAtHand { return known }
    do throws(StoreError) { return try readStamp() } catch {
      // Not when it answers others: then nobody knows that this process is cut off.
      if case .unreachable = error, let last = state.withLock({ $0.stamp }) { return last }
      throw error
    }
  }

  private func readStamp() throws(StoreError) -> Int64 {
    let begun = Self.now
    defer { state.withLock { $0.triedAt = Self.now } }
    state.withLock { $0.triedAt = begun }
    let stamp = try transaction(.read, within: Int32(Self.freshness), insisting: true) {
      (connection) throws(SQLError) in try connection.first(PostgresSchema.stamp())
    }
    guard let stamp else { throw notServing() }
    note(stamp, readAt: begun)
    return stamp
  }

  /// - Parameter moment: when the reading began, or the commit that made it.
  func note(_ stamp: Int64, readAt moment: Int64) {
    state.withLock { state in
      state.trouble = nil
      guard moment >= state.readAt else { return }
      (state.stamp, state.readAt) = (stamp, moment)
    }
  }

  /// Waits until every process must have read what was taken away.
  func letEverybodyRead() { usleep(settling * 1000) }

  /// Whether it is time to write down that a key or a session was used: once a minute for each process, since others
  /// forget nothing for it, and once although the server is away.
  func mayTouch(_ subject: [UInt8], _ now: Timestamp) -> Bool {
    state.withLock { state in
      guard Store.isTouchDue(after: state.touches[subject], now: now) else { return false }
      if state.touches.count > 4096 { state.touches.removeAll() }
      state.touches[subject] = now
      return true
    }
  }
}

extension Server.State {
  fileprivate var believed: Int64? {
    let now = Server.now
    let isFresh = now - readAt <= Int64(Server.freshness)
    let isAway = trouble != nil && now - triedAt < Server.stillness
    return isFresh || isAway ? stamp : nil
  }
}
