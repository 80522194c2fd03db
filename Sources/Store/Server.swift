internal import Glibc
package import SQL
internal import Synchronization
internal import System
internal import Text

/// A PostgreSQL server, as the threads of a process use it: a few connections that they take by turns, and the stamp by
/// which all machines learn that something was taken away.
///
/// Nobody waits for it longer than `patience`. When it is away, that is known after the first who has waited: all others
/// are told at once, until it is back.
package final class Server: Sendable {
  /// In milliseconds, for a whole operation with its connection.
  package static let patience: Int32 = 2000
  /// So many connections at most, whatever the number of workers: three programs take half of what a server allows by
  /// default.
  private static let capacity = 16
  /// How many are opened at a time: a look-up of a name may hang.
  private static let openersAtMost = 4
  /// Nobody else tries sooner after a failure, in milliseconds.
  private static let rest: Int64 = 500

  package let address: PostgresAddress
  /// How long a change that takes something away is kept back until everybody must have read it, in milliseconds.
  let settling: UInt32
  let state = Mutex(State())

  struct State {
    fileprivate var idle: [PostgresConnection] = []
    /// Idle, lent, and being opened.
    fileprivate var count = 0
    fileprivate var opening = 0
    /// Why it is of no use; `nil`: it is, as far as is known.
    var trouble: StoreError?
    fileprivate var troubleAt: Int64 = 0
    fileprivate var failures = 0
    fileprivate var isReady = false
    /// A thread tries again and again.
    var isWatched = false
    var stamp: Int64?
    /// When its reading began, and when one was tried last.
    var (readAt, triedAt): (Int64, Int64) = (0, 0)
    var touches: [[UInt8]: Timestamp] = [:]
  }

  /// - Parameter settling: shorter for tests alone.
  package init(_ address: PostgresAddress, settling: UInt32 = Server.freshness + 200) {
    (self.address, self.settling) = (address, settling)
  }

  /// Milliseconds that go on while a machine sleeps.
  static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  // MARK: - Transactions

  enum Kind {
    /// All statements see the same moment.
    case read
    /// One at a time of all machines, as with SQLite.
    case write
    /// For the schema, which may not be there yet.
    case migration
    case lease

    fileprivate func begin(_ milliseconds: Int32) -> String {
      let mode = self == .read ? "REPEATABLE READ READ ONLY" : "READ COMMITTED READ WRITE"
      return """
        BEGIN ISOLATION LEVEL \(mode); SET LOCAL statement_timeout = \(milliseconds);
        SET LOCAL idle_in_transaction_session_timeout = \(milliseconds + 2000)\
        \(self == .write ? "; SELECT stamp FROM installation FOR UPDATE" : "")
        """
    }
  }

  private enum Abortion: Error {
    case failed(SQLError)
    case unknown
  }

  /// Runs `body` in a transaction, and once more where the server was lost before it was asked to commit. `body` must
  /// therefore have no effect but on the database.
  func transaction<Result>(
    _ kind: Kind, within milliseconds: Int32 = patience, insisting: Bool = false,
    _ body: (any Connection) throws(SQLError) -> Result
  ) throws(StoreError) -> Result {
    let deadline = Deadline.after(milliseconds: milliseconds)
    var isRepetition = false
    while true {
      let connection = try checkOut(until: deadline, insisting: insisting)
      do throws(Abortion) { return try attempt(kind, on: connection, until: deadline, body) } catch {
        guard case .failed(let error) = error else { throw .unknown }
        guard !isRepetition, error.invitesRepetition, !deadline.isPast else { throw noted(error) }
        isRepetition = true
      }
    }
  }

  private func attempt<Result>(
    _ kind: Kind, on connection: PostgresConnection, until deadline: Deadline,
    _ body: (any Connection) throws(SQLError) -> Result
  ) throws(Abortion) -> Result {
    defer { giveBack(connection) }
    connection.deadline = deadline
    let result: Result
    var stamp: Int64?
    do throws(SQLError) {
      // A bit less than we wait ourselves: who is only slow is not taken for dead.
      try connection.begin(kind.begin(max(50, deadline.remainingMilliseconds - 150)))
      result = try body(connection)
      if connection.isInvalidating {
        let new = PostgresSchema.newStamp()
        try connection.run(PostgresSchema.setStamp(new))
        stamp = new
      }
    } catch {
      if error.isOfConnection { connection.isBroken = true }
      connection.rollBack()
      throw .failed(error)
    }
    let begun = Self.now
    do throws(PostgresConnection.Commitment) { try connection.commit() } catch {
      guard case .refused(let error) = error else {
        connection.isBroken = true
        throw .unknown
      }
      connection.rollBack()
      throw .failed(error)
    }
    if let stamp { note(stamp, readAt: begun) }
    return result
  }

  /// The failure in the store's words; remembered where it is one of the server.
  private func noted(_ error: SQLError) -> StoreError {
    if error.state == "42P01" { state.withLock { $0.isReady = false } }
    let failure = StoreError(error, path: address.description)
    if case .unreachable = failure { noteTrouble(failure) }
    return failure
  }

  private func noteTrouble(_ failure: StoreError) {
    state.withLock { state in
      state.trouble = failure
      state.troubleAt = Self.now
      state.failures += 1
    }
  }

  /// It answers, or should be asked again at once.
  func noteThatItIsThere() { state.withLock { $0.trouble = nil } }

  // MARK: - Connections

  private func checkOut(until deadline: Deadline, insisting: Bool) throws(StoreError) -> PostgresConnection {
    enum Step {
      case take(PostgresConnection)
      case open, wait
      case fail(StoreError)
    }
    var failuresKnown: Int?
    var hasOpened = false
    while true {
      let step = state.withLock { state -> Step in
        if !insisting, let trouble = state.trouble {
          let isNew = failuresKnown.map { $0 != state.failures } ?? false
          if isNew || state.isWatched || Self.now - state.troubleAt < Self.rest { return .fail(trouble) }
        }
        while let connection = state.idle.popLast() {
          if !connection.isStale { return .take(connection) }
          state.count -= 1
        }
        if insisting, let trouble = state.trouble, let failuresKnown, failuresKnown != state.failures {
          return .fail(trouble)
        }
        if failuresKnown == nil { failuresKnown = state.failures }
        let mayOpen = state.count < Self.capacity && state.opening < Self.openersAtMost
        guard !hasOpened, mayOpen else { return .wait }
        state.count += 1
        state.opening += 1
        return .open
      }
      switch step {
      case .take(let connection): return connection
      case .fail(let trouble): throw trouble
      case .open:
        hasOpened = true
        // On a thread of its own, since the look-up of a name has no deadline.
        if PlainThread.start({ [self] in open() }) != 0 { open() }
      case .wait:
        guard !deadline.isPast else {
          let failure = StoreError.unreachable(address.description, "no answer came in time")
          if hasOpened { noteTrouble(failure) }
          throw failure
        }
        usleep(1000)
      }
    }
  }

  /// Opens a connection for whoever waits.
  private func open() {
    do throws(StoreError) {
      guard PostgresConnection.unavailable == nil else { throw Self.withoutLibrary }
      let connection: PostgresConnection
      do throws(SQLError) {
        connection = try PostgresConnection.open(address, until: Deadline.after(milliseconds: Self.patience))
      } catch { throw StoreError(error, path: address.description) }
      let encoding = connection.serverEncoding ?? "unknown"
      guard encoding == "UTF8" else {
        throw .unfit(
          "The encoding of the PostgreSQL database is \(encoding); it must be UTF8. Make another one: createdb "
            + "--encoding UTF8 --template template0 NAME, and name it in META_DATABASE_URL.")
      }
      state.withLock { state in
        state.opening -= 1
        state.trouble = nil
        state.idle.append(connection)
      }
    } catch {
      state.withLock { state in
        state.opening -= 1
        state.count -= 1
      }
      noteTrouble(error)
    }
  }

  private static var withoutLibrary: StoreError {
    .unfit(
      "libpq, PostgreSQL's client library, cannot be loaded (\(PostgresConnection.unavailable ?? "")). Install it: "
        + "apt-get install libpq5.")
  }

  private func giveBack(_ connection: PostgresConnection) {
    let isOfUse = !connection.isBroken && !connection.isInTransaction
    // Closed outside of the lock.
    let dropped = state.withLock { state -> [PostgresConnection] in
      if isOfUse {
        state.idle.append(connection)
        return []
      }
      // As a rule the others have lost the same server.
      let dropped = connection.isBroken ? state.idle : []
      state.idle.removeAll { other in dropped.contains { $0 === other } }
      state.count -= dropped.count + 1
      return dropped
    }
    withExtendedLifetime(dropped) {}
  }

  // MARK: - The schema

  /// Makes sure, once, that the database is fit for this program; brings an older one up to date.
  func prepare(_ making: Store.Making) throws(StoreError) {
    if state.withLock({ $0.isReady }) { return }
    while true {
      let present = try transaction(.read) { (connection) throws(SQLError) -> Int? in
        guard try connection.number(PostgresSchema.isThere()) > 0 else { return nil }
        return Int(clamping: try connection.number(PostgresSchema.version()))
      }
      if let present { try refuse(present) }
      if present == Schema.newest { break }
      guard making != .nothing else {
        throw .unfit(
          "There are no tables of this program in \(address). The first start of the program makes them.")
      }
      do throws(StoreError) {
        try transaction(.migration, within: 10 * Self.patience) { (connection) throws(SQLError) in
          guard let present else { return try PostgresSchema.migrate(connection, from: nil) }
          // Looked at again: while we waited for the row, another machine may have done it.
          let now = Int(clamping: try connection.number(PostgresSchema.versionAlone()))
          if now == present { try PostgresSchema.migrate(connection, from: present) }
        }
      } catch .conflict {}  // Somebody else made them at the same moment.
    }
    state.withLock { $0.isReady = true }
  }

  private func refuse(_ version: Int) throws(StoreError) {
    if version == PostgresSchema.moved { throw .moved(address.description) }
    guard version <= Schema.newest else {
      throw .newer(path: address.description, version: version, known: Schema.newest)
    }
  }
}

extension Server {
  /// What is the matter with an address, without it, in words that follow its name; `nil`: it is one.
  package static func complaint(about text: String) -> String? {
    do throws(PostgresAddress.Unfit) {
      _ = try PostgresAddress(text)
      return nil
    } catch { return error.sentence }
  }

  /// `nil`: the text is no address.
  package convenience init?(address text: String) {
    guard let address = try? PostgresAddress(text) else { return nil }
    self.init(address)
  }
}
