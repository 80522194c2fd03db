internal import SQL
package import Text

/// Whether an address may try a password now.
package enum SignInGate: Sendable, Equatable {
  /// It may; the attempt counts as failed until `clearSignInFailures`.
  case open
  /// It may, but so many have failed lately, from wherever, that attempts are made one at a time.
  case narrow
  /// It failed too often; it may not until then, and the password must not even be looked at.
  case locked(until: Timestamp)
}

private enum Failures {
  static let newest: Statement<Int64> =
    "SELECT at FROM sign_in_failure WHERE address = $1 AND at <= $2 ORDER BY at DESC LIMIT $3"
  static let ofAll: Statement<Int64> = "SELECT count(*) FROM sign_in_failure WHERE at > $1 AND at <= $2"
  static let insert: Statement<Int64> =
    "INSERT INTO sign_in_failure (address, at) VALUES ($1, $2) RETURNING id"
  static let deleteUntimely: Statement<Never> = "DELETE FROM sign_in_failure WHERE at < $1 OR at > $2"
  static let deleteOldest: Statement<Never> = "DELETE FROM sign_in_failure WHERE id <= $1"
  static let clear: Statement<Never> = """
    DELETE FROM sign_in_failure WHERE address = $1
      AND ($1 <> '' OR id = (SELECT max(id) FROM sign_in_failure WHERE address = ''))
    """
  static let sameEvents: Statement<Int64> = """
    SELECT count(*) FROM event
    WHERE id > (SELECT max(id) - 1000 FROM event) AND action = $1 AND subject = $2 AND at > $3
    """
}

extension Store {
  /// So many failures …
  static let allowedFailures = 10
  /// … within so many seconds lock an address out for as many.
  static let failureWindow: Int64 = 900
  /// So many failures of all addresses together within that time make the gate narrow.
  static let allowedFailuresOfAll = 100
  /// Failures kept of all addresses together: somebody with a million addresses must not fill the disk.
  static let keptFailures: Int64 = 10_000
  /// So many lock-outs leave an event within that time; the list of events is for other things, too.
  private static let toldLockOuts = 30

  /// Whether an address might try a password now.
  ///
  /// An address is whatever failures are counted against; where the web server does not say from where a request
  /// comes, it is empty, and nobody is locked out for what others did there.
  package func signInGate(for address: String, now: Timestamp = .now) throws(StoreError) -> SignInGate {
    try read { (connection) throws(SQLError) in try connection.gate(for: address, now: now) }
  }

  /// Asks for permission to try a password, and counts the attempt as failed before it is made: of a hundred
  /// attempts at once, in however many processes, ten get through.
  package func beginSignIn(from address: String, now: Timestamp = .now) throws(StoreError) -> SignInGate {
    try write { (connection) throws(SQLError) in
      let gate = try connection.gate(for: address, now: now)
      if case .locked = gate { return gate }
      // What is too old to count, and what a clock that stood ahead has left behind.
      try connection.run(Failures.deleteUntimely(now.seconds - 2 * Self.failureWindow, now.seconds))
      let id = try connection.number(Failures.insert(address, now.seconds))
      try connection.run(Failures.deleteOldest(id - Self.keptFailures))
      return gate
    }
  }

  /// Forgets an address's failures, after it gave the right password; where it has none, one attempt.
  package func clearSignInFailures(from address: String) throws(StoreError) {
    try run(Failures.clear(address))
  }

  /// Leaves an event of a wrong password, of the lock-out that it led to, and of the gate that it made narrow. A guesser
  /// does not choose how many: as long as the gate is narrow, single guesses leave none, and of lock-outs only the first.
  package func tellOfFailedSignIn(
    _ event: Event, from address: String, now: Timestamp = .now
  ) throws(StoreError) {
    try write { (connection) throws(SQLError) in
      let all = try connection.failuresOfAll(now: now)
      var event = event
      event.subject = "session"
      if all <= Self.allowedFailuresOfAll {
        try connection.append(event, result: "wrong password", now: now)
      } else {
        event.action = "session.narrowed"
        try connection.appendOnce(
          event, result: "one sign-in at a time after \(Self.allowedFailuresOfAll) failures", now: now)
      }
      guard all <= Self.toldLockOuts * Self.allowedFailures,
        let until = try connection.lockout(of: address, now: now)
      else { return }
      event.action = "session.locked-out"
      event.subject = "address \(address)"
      try connection.appendOnce(event, result: "until \(until)", now: now)
    }
  }
}

extension Connection {
  fileprivate func gate(for address: String, now: Timestamp) throws(SQLError) -> SignInGate {
    if let until = try lockout(of: address, now: now) { return .locked(until: until) }
    return try failuresOfAll(now: now) < Store.allowedFailuresOfAll ? .open : .narrow
  }

  /// Until when the address is locked out, if it is.
  fileprivate func lockout(of address: String, now: Timestamp) throws(SQLError) -> Timestamp? {
    guard !address.isEmpty else { return nil }
    let newest = try all(Failures.newest(address, now.seconds, Store.allowedFailures))
    guard newest.count == Store.allowedFailures, let last = newest.first, let oldest = newest.last,
      last - oldest < Store.failureWindow, now.seconds < last + Store.failureWindow
    else { return nil }
    return Timestamp(seconds: last + Store.failureWindow)
  }

  fileprivate func failuresOfAll(now: Timestamp) throws(SQLError) -> Int {
    Int(clamping: try number(Failures.ofAll(now.seconds - Store.failureWindow, now.seconds)))
  }

  /// Writes an event that stands for many, unless it stands among the newest already: once for each window and subject.
  fileprivate func appendOnce(_ event: Event, result: String, now: Timestamp) throws(SQLError) {
    let begin = Timestamp(seconds: now.seconds - Store.failureWindow)
    guard try number(Failures.sameEvents(event.action, event.subject, begin)) == 0 else { return }
    try append(event, result: result, now: now)
  }
}
