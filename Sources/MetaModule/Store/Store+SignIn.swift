/// Whether an address may try a password now.
public enum SignInGate: Sendable, Equatable {
  /// It may; the attempt counts as failed until `clearSignInFailures`.
  case open
  /// It failed too often; it may not until then, and the password must not even be looked at.
  case locked(until: Timestamp)
}

extension Store {
  /// So many failures …
  static let allowedFailures = 10
  /// … within so many seconds lock an address out for as many.
  static let failureWindow: Int64 = 900
  /// Failures kept of all addresses together: somebody with a million addresses must not fill the disk.
  static let keptFailures: Int64 = 10_000

  /// Asks for permission to try a password, and counts the attempt as failed before it is made: of a hundred
  /// attempts at once, in however many processes, ten get through.
  public func beginSignIn(from address: String, now: Timestamp = .now) throws(StoreError) -> SignInGate {
    // An address that is locked out and goes on is turned away without a write.
    let known = try read { (connection) throws(SQLiteFailure) in
      try connection.lockout(of: address, now: now)
    }
    if let known { return .locked(until: known) }
    return try write { (connection) throws(SQLiteFailure) in
      if let until = try connection.lockout(of: address, now: now) { return .locked(until: until) }
      // What is too old to count, and what a clock that stood ahead has left behind.
      try connection.run(
        "DELETE FROM sign_in_failure WHERE at < ? OR at > ?",
        [.integer(now.seconds - 2 * Self.failureWindow), .integer(now.seconds)])
      try connection.run(
        "INSERT INTO sign_in_failure (address, at) VALUES (?, ?)", [.text(address), .integer(now.seconds)])
      try connection.run(
        "DELETE FROM sign_in_failure WHERE id <= ?", [.integer(connection.lastInsertedID - Self.keptFailures)]
      )
      return .open
    }
  }

  /// Forgets an address's failures, after it gave the right password.
  public func clearSignInFailures(from address: String) throws(StoreError) {
    try write { (connection) throws(SQLiteFailure) in
      _ = try connection.run("DELETE FROM sign_in_failure WHERE address = ?", [.text(address)])
    }
  }
}

extension Connection {
  /// Until when the address is locked out, if it is.
  fileprivate func lockout(of address: String, now: Timestamp) throws(SQLiteFailure) -> Timestamp? {
    let newest = try all(
      "SELECT at FROM sign_in_failure WHERE address = ? AND at <= ? ORDER BY at DESC LIMIT ?",
      [.text(address), .integer(now.seconds), .integer(Int64(Store.allowedFailures))]
    ) { (row) throws(SQLiteFailure) in try row.integer(0) }
    guard newest.count == Store.allowedFailures, let last = newest.first, let oldest = newest.last,
      last - oldest < Store.failureWindow, now.seconds < last + Store.failureWindow
    else { return nil }
    return Timestamp(seconds: last + Store.failureWindow)
  }
}
