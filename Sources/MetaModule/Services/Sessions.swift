internal import Store
internal import System
internal import Text

/// Signing in with the admin password. Attempts are counted before they are made: a hundred at once from one address are
/// ten attempts and a lock-out. And they are few at a time, wherever they come from.
struct Sessions {
  let services: Services

  /// - Parameter address: whom a wrong guess is counted against.
  /// - Returns: the cookie's value, which is stored nowhere, and when the session ends.
  func signIn(_ password: String, from address: String) throws -> (value: Secret, ends: Timestamp) {
    let rooms = services.rooms
    // Of hundreds at once nearly all are sent away: not even the database is asked for them.
    guard !rooms.shared.lanes.signIns.isFull else { throw Refusal.tooManySignIns }

    let store = try services.store()
    guard let hash = try store.passwordHash() else { throw Refusal.noPassword }
    rooms.turn.beginToWait()
    // An address that is locked out and goes on is turned away without a write or a place.
    let gate = try store.signInGate(for: address)
    if case .locked(let until) = gate { throw Self.lockedOut(until) }
    guard
      var check = PasswordCheck(in: rooms.shared.lanes.signIns, folder: services.configuration.dataDirectory),
      check.waitForTurn(alone: gate == .narrow)
    else { throw Refusal.tooManySignIns }
    if check.isLimitedByProcessAlone {
      rooms.warnOnceAMinute(
        "The data folder takes no locks: how many passwords are checked at once is limited in each process alone."
      )
    }
    if case .locked(let until) = try store.beginSignIn(from: address) { throw Self.lockedOut(until) }
    var event = services.event("session.sign-in")
    guard check.verify(password, against: hash) else {
      // The answer is the same where no event can be left.
      try? store.tellOfFailedSignIn(event, from: address)
      throw Refusal.wrongPassword
    }
    try store.clearSignInFailures(from: address)

    let value = try SessionCookie.newValue()
    let ends = Timestamp(seconds: Timestamp.now.seconds + SessionCookie.lifetime)
    event.actor = Caller.admin(sessionEnds: ends).name ?? ""
    let isStored = try store.insertSession(
      hash: SessionCookie.hash(of: value), expiresAt: ends, address: event.address ?? "",
      ifPasswordHashIs: hash, event: event)
    guard isStored else { throw Refusal.wrongPassword }  // It was changed while this one was checked.
    return (value, ends)
  }

  private static func lockedOut(_ until: Timestamp) -> Refusal {
    .lockedOut(seconds: max(1, until.seconds - Timestamp.now.seconds))
  }
}
