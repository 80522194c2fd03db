internal import Glibc
package import SQL
internal import Synchronization
internal import System
internal import Text

/// A PostgreSQL server, as the threads of a process use it: a few connections that they take by turns, and the stamp by
/// which all machines learn that something was taken away.
///
/// Nobody waits for it longer than `patience`. When it is away, that is known after the first who has waited: all others
/// are told at once, until it is back. As long as it answers others, it is not away, and who finds no connection free, of
/// ours, the server's or a pooler's, stands in line for one.
package final class Server: Sendable {
  /// In milliseconds, for a whole operation with its connection.
  package static let patience: Int32 = 2000
  /// So many connections at most, whatever the number of workers: three programs take half of what a server allows by
  /// default.
  private static let capacity = 16
  /// Writers stand in line for one row anyway. More of them would take the connections from who only reads.
  private static let writersAtMost = 4
  /// As long as anybody was answered within so many milliseconds, failures are of single connections.
  private static let away: Int64 = 1000

  package let address: PostgresAddress
  /// How long a change that takes something away is kept back until everybody must have read it, in milliseconds.
  let settling: UInt32
  let state = Mutex(State())
  private let places = Lane(places: capacity, queue: .max)
  private let writers = Lane(places: writersAtMost, queue: .max)
  /// Reads the stamp, with a connection beside the others.
  let stampReader = Lane(places: 1, queue: .max)

  struct State {
    var idle: [PostgresConnection] = []
    /// How many want one, and how many are being opened.
    var (wanting, opening) = (0, 0)
    /// Nobody opens one sooner.
    var mayOpenAt: Int64 = 0
    var answeredAt: Int64 = .min / 2
    /// Why it is of no use; `nil`: it is, as far as is known.
    var trouble: StoreError?
    var troubleAt: Int64 = 0
    var failures = 0
    fileprivate var isReady = false
    /// A thread tries again and again.
    var isWatched = false
    var stamp: Int64?
    /// When its reading began, and when one was tried last.
    var (readAt, triedAt): (Int64, Int64) = (0, 0)
    var touches: [[UInt8]: Timestamp] = [:]
    /// What this process does alone of all, and goes on doing.
    var leases: [Lease] = []

    var isAnswering: Bool { Server.now - answeredAt < Server.away }
  }

  /// - Parameter settling: shorter for tests alone.
  package init(_ address: PostgresAddress, settling: UInt32 = Server.freshness + 200) {
    (self.address, self.settling) = (address, settling)
  }

  /// Milliseconds that go on while a machine sleeps.
  static var now: Int64 { milliseconds(of: CLOCK_BOOTTIME) }

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
      // Whatever the server, the database or the role has set. Without warnings nobody would hear that a commit did not
      // reach the standby.
      return """
        BEGIN ISOLATION LEVEL \(mode); SET LOCAL statement_timeout = \(milliseconds); SET LOCAL lock_timeout = 0;
        SET LOCAL idle_in_transaction_session_timeout = \(milliseconds + 2000);
        SET LOCAL client_min_messages = warning\(more)
        """
    }

    private var more: String {
      switch self {
      case .write: "; " + PostgresSchema.stampAlone
      // Nothing is lost with a lease, whoever loses it; so no disk and no standby is waited for.
      case .lease: "; SET LOCAL synchronous_commit = off"
      case .read, .migration: ""
      }
    }
  }

  private enum Abortion: Error {
    case failed(SQLError)
    case unknown
    case moved
  }

  /// Runs `body` in a transaction, and anew where the server was lost before it was asked to commit: once, and again as
  /// long as it answers others. `body` must therefore have no effect but on the database.
  /// - Parameters:
  ///   - milliseconds: how long the server has for it.
  ///   - queueing: how long to stand in line meanwhile, as long as others are answered.
  ///   - insisting: although the server is away.
  func transaction<Result>(
    _ kind: Kind, within milliseconds: Int32 = patience, queueing: Int32 = Store.patience,
    insisting: Bool = false, _ body: (any Connection) throws(SQLError) -> Result
  ) throws(StoreError) -> Result {
    if insisting {
      return try repeated(
        kind, milliseconds, until: .after(milliseconds: milliseconds), insisting: true, body)
    }
    if let trouble = state.withLock({ $0.knownTrouble }) { throw trouble }
    let end = Deadline.after(milliseconds: max(milliseconds, queueing))
    func inLine(_ lane: Lane) throws(StoreError) -> Lane.Place {
      guard let place = lane.enter(waitingAtMost: .milliseconds(Int64(end.remainingMilliseconds))) else {
        throw .busy
      }
      return place
    }
    let writing: Lane.Place? = kind == .write ? try inLine(writers) : nil
    let place = try inLine(places)
    defer {
      withExtendedLifetime(place) {}
      withExtendedLifetime(writing) {}
    }
    return try repeated(kind, milliseconds, until: end, insisting: false, body)
  }

  private func repeated<Result>(
    _ kind: Kind, _ milliseconds: Int32, until end: Deadline, insisting: Bool,
    _ body: (any Connection) throws(SQLError) -> Result
  ) throws(StoreError) -> Result {
    var pause: UInt32 = 0
    while true {
      let connection = try checkOut(within: milliseconds, until: end, insisting: insisting)
      do throws(Abortion) { return try attempt(kind, on: connection, milliseconds, until: end, body) } catch {
        let error =
          switch error {
          case .unknown: throw StoreError.unknown
          case .moved: throw notServing()
          case .failed(let error): error
          }
        guard error.invitesRepetition, pause == 0 || isAnswering, !end.isPast else { throw noted(error) }
        usleep(pause * 1000)
        pause = min(200, max(10, 2 * pause))
      }
    }
  }

  private func attempt<Result>(
    _ kind: Kind, on connection: PostgresConnection, _ milliseconds: Int32, until end: Deadline,
    _ body: (any Connection) throws(SQLError) -> Result
  ) throws(Abortion) -> Result {
    var isOfServer = false
    defer { giveBack(connection, isOfServer) }
    connection.deadline = .after(milliseconds: milliseconds)
    let result: Result
    var stamp: Int64?
    var isMoved = false
    do throws(SQLError) {
      // A pooler lets wait whom it has no connection for.
      connection.mayGoOnWaiting = { [self] in isAnswering && !end.isPast }
      defer { connection.mayGoOnWaiting = { false } }
      // A bit less than we wait ourselves: who is only slow is not taken for dead.
      let rows = try connection.begin(kind.begin(max(50, milliseconds - 150)))
      noteAnswer()
      connection.deadline = .after(milliseconds: milliseconds)
      connection.mayGoOnWaiting = { false }
      isMoved = kind == .write && rows == 0
      guard !isMoved else { throw SQLError(state: "P0002") }
      result = try body(connection)
      if connection.isInvalidating {
        let new = PostgresSchema.newStamp()
        try connection.run(PostgresSchema.setStamp(new))
        stamp = new
      }
    } catch {
      if error.isOfConnection { connection.isBroken = true }
      // One that has become a standby, as all others have then that lead there.
      isOfServer = error.isOfStandby
      connection.rollBack()
      throw isMoved ? .moved : .failed(error)
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
    noteAnswer()
    if let stamp { note(stamp, readAt: begun) }
    return result
  }

  var isAnswering: Bool { state.withLock { $0.isAnswering } }

  private func noteAnswer() { state.withLock { $0.answeredAt = Self.now } }

  /// The failure in the store's words; remembered where it is one of the server.
  private func noted(_ error: SQLError) -> StoreError {
    if error.state == "42P01" { state.withLock { $0.isReady = false } }
    let failure = StoreError(error, path: address.description)
    if case .unreachable = failure { _ = state.withLock { $0.note(failure) } }
    return failure
  }

  /// Why the row of `installation` is not for who looks for it: the rows were moved while this process had them.
  func notServing() -> StoreError {
    let version = try? transaction(.read, insisting: true) { (connection) throws(SQLError) in
      try connection.first(PostgresSchema.version())
    }
    guard version == nil else { return .moved(address.description) }
    return .unfit("The row of the table installation is gone from \(address). Restore a backup.")
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
