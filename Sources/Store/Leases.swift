internal import Cryptography
package import SQL
internal import Synchronization
package import Text

/// The right to do something alone, of all machines: for so long, by the server's clock, and gone with the time when its
/// holder dies. Whoever was only slow finds out when the result is handed in.
package struct Lease: Sendable {
  let name: String
  let holder: String
}

/// A text that one machine has made and others may serve.
package struct SharedEntry: Sendable {
  package let key: String
  package let body: [UInt8]
  package let etag: String
  package let storedAt: Timestamp
  package let freshUntil: Timestamp
  package let staleUntil: Timestamp

  package init(
    key: String, body: [UInt8], etag: String, storedAt: Timestamp, freshUntil: Timestamp,
    staleUntil: Timestamp
  ) {
    (self.key, self.body, self.etag) = (key, body, etag)
    (self.storedAt, self.freshUntil, self.staleUntil) = (storedAt, freshUntil, staleUntil)
  }
}

extension SharedEntry: Readable {
  package init(reading row: borrowing Row) throws(SQLError) {
    self.init(
      key: try row.text(0), body: try row.bytes(1), etag: try row.text(2),
      storedAt: Timestamp(seconds: try row.integer(3)), freshUntil: Timestamp(seconds: try row.integer(4)),
      staleUntil: Timestamp(seconds: try row.integer(5)))
  }
}

private enum Leases {
  static let take: Statement<Int64> = """
    INSERT INTO lease (name, holder, until) VALUES ($1, $2, clock_timestamp() + $3 * interval '1 second')
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
      WHERE lease.until <= clock_timestamp() OR lease.holder = excluded.holder
    RETURNING 1
    """
  static let held: Statement<Int64> = """
    SELECT 1 FROM lease WHERE name = $1 AND holder = $2 AND until > clock_timestamp() FOR UPDATE
    """
  static let keep: Statement<Never> = """
    UPDATE lease SET until = clock_timestamp() + $3 * interval '1 second' WHERE name = $1 AND holder = $2
    """
  static let release: Statement<Never> = "DELETE FROM lease WHERE name = $1 AND holder = $2"
  // What is kept is by the server's clock, what is given by the asker's: a machine whose clock is ahead would make entries
  // of the future, which another one's cache refuses again and again. Clocks that agree have times as they were: a
  // difference of less than five seconds is none, and twice that is what a cache bears (`FileCache.read`).
  static let entry: Statement<SharedEntry> = """
    SELECT key, body, etag, stored_at - ahead, fresh_until - ahead, stale_until - ahead FROM cache_entry,
      (SELECT (extract(epoch FROM clock_timestamp())::bigint - $2::bigint) / 5 * 5 AS ahead) AS clock
      WHERE key = $1
    """
  static let store: Statement<Never> = """
    INSERT INTO cache_entry (key, body, etag, stored_at, fresh_until, stale_until)
      SELECT $1::text, $2::bytea, $3::text, $4::bigint + ahead, $5::bigint + ahead, $6::bigint + ahead FROM
        (SELECT (extract(epoch FROM clock_timestamp())::bigint - $7::bigint) / 5 * 5 AS ahead) AS clock
    ON CONFLICT (key) DO UPDATE SET body = excluded.body, etag = excluded.etag, stored_at = excluded.stored_at,
      fresh_until = excluded.fresh_until, stale_until = excluded.stale_until
    """
  static let forget: Statement<Never> = "DELETE FROM cache_entry WHERE key = $1"
  static let forgetOld: Statement<Never> =
    "DELETE FROM cache_entry WHERE stale_until < extract(epoch FROM clock_timestamp())::bigint"
}

extension Store {
  /// How long one lasts beyond its holder's death, in seconds: where whoever has it renews it after each step, and where a
  /// thread of the process does so all the time. Who waits for a grid then waits for its successor, and for Graph, too.
  private static let longestLease: Int64 = 20
  fileprivate static let keptLease: Int64 = 3

  /// Whether the rows are on a server, which other machines may use, too.
  package var isShared: Bool { server != nil }

  /// Takes what nobody has; `nil`: somebody has it. Without a server, whoever locks a file is alone already.
  package func takeLease(_ name: String) throws(StoreError) -> Lease? {
    guard let server, let random = try? SecureRandom.bytes(12) else { return nil }
    let lease = Lease(name: name, holder: Base64URL.encode(random, padded: false))
    guard server.isWatched else {
      return try renew(lease, seconds: Self.longestLease, on: server) ? lease : nil
    }
    guard try renew(lease, seconds: Self.keptLease, on: server) else { return nil }
    server.state.withLock { $0.leases.append(lease) }
    return lease
  }

  /// Keeps a lease for as long again. Returns whether it was still held.
  package func renew(_ lease: Lease) throws(StoreError) -> Bool {
    guard let server else { return true }
    return try renew(lease, seconds: Self.longestLease, on: server)
  }

  private func renew(_ lease: Lease, seconds: Int64, on server: Server) throws(StoreError) -> Bool {
    try server.transaction(.lease, queueing: patienceLeft()) { (connection) throws(SQLError) in
      try connection.first(Leases.take(lease.name, lease.holder, seconds)) != nil
    }
  }

  /// Lets the next one have it. Where that does not succeed, its time ends it.
  package func release(_ lease: Lease) {
    server?.forget(lease)
    _ = try? server?.transaction(.lease) { (connection) throws(SQLError) in
      try connection.run(Leases.release(lease.name, lease.holder))
    }
  }

  /// What another machine has made.
  package func sharedEntry(_ key: String) throws(StoreError) -> SharedEntry? {
    guard server != nil else { return nil }
    return try first(Leases.entry(key, Timestamp.now.seconds))
  }

  /// Hands in what was made under a lease, and lets go of it. Returns whether it was still held: if not, another one has
  /// made it meanwhile, and nothing is kept.
  package func publish(_ entries: [SharedEntry], under lease: Lease, now: Timestamp = .now) throws(StoreError)
    -> Bool
  {
    guard let server else { return true }
    defer { server.forget(lease) }
    return try server.transaction(.lease, queueing: patienceLeft()) { (connection) throws(SQLError) in
      guard try connection.first(Leases.held(lease.name, lease.holder)) != nil else { return false }
      for entry in entries {
        try connection.run(
          Leases.store(
            entry.key, entry.body, entry.etag, entry.storedAt.seconds, entry.freshUntil.seconds,
            entry.staleUntil.seconds, now.seconds))
      }
      try connection.run(Leases.forgetOld())
      try connection.run(Leases.release(lease.name, lease.holder))
      return true
    }
  }

  /// Forgets what machines have made under these keys.
  package func forgetShared(_ keys: [String]) throws(StoreError) {
    guard let server else { return }
    try server.transaction(.lease) { (connection) throws(SQLError) in
      for key in keys { try connection.run(Leases.forget(key)) }
    }
  }
}

extension Server {
  /// Keeps what this process does for as long as it lives: called again and again by one thread.
  func keepLeases() {
    let held = state.withLock { $0.leases }
    guard !held.isEmpty else { return }
    _ = try? transaction(.lease, within: Int32(Self.freshness), insisting: true) {
      (connection) throws(SQLError) in
      for lease in held { try connection.run(Leases.keep(lease.name, lease.holder, Store.keptLease)) }
    }
  }

  fileprivate func forget(_ lease: Lease) {
    state.withLock { $0.leases.removeAll { $0.holder == lease.holder } }
  }
}
