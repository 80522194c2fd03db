internal import Glibc
internal import SQL
internal import Synchronization
internal import System

/// The connections to a server: opened when somebody wants one, kept, and lent to one thread at a time.
extension Server {
  /// How many are opened at a time: a look-up of a name may hang.
  private static let openersAtMost = 4
  /// Nobody else tries sooner after a failure, in milliseconds: when the server is away, and when it has none left.
  static let (rest, pause): (Int64, Int64) = (500, 100)

  func checkOut(
    within milliseconds: Int32, until end: Deadline, insisting: Bool
  ) throws(StoreError) -> PostgresConnection {
    enum Step {
      case take(PostgresConnection)
      case open, wait
      case fail(StoreError)
    }
    let patience = Deadline.after(milliseconds: milliseconds)
    let failuresKnown = state.withLock { state in
      state.wanting += 1
      return state.failures
    }
    defer { state.withLock { $0.wanting -= 1 } }
    while true {
      let step = state.withLock { state -> Step in
        let trouble = insisting && state.failures == failuresKnown ? nil : state.trouble
        if let trouble, state.failures != failuresKnown || state.knownTrouble != nil { return .fail(trouble) }
        while let connection = state.idle.popLast() {
          if !connection.isStale { return .take(connection) }
        }
        guard state.opening < min(state.wanting, Self.openersAtMost), Self.now >= state.mayOpenAt else {
          return .wait
        }
        state.opening += 1
        return .open
      }
      switch step {
      case .take(let connection): return connection
      case .fail(let trouble): throw trouble
      case .open:
        // On a thread of its own, since the look-up of a name has no deadline.
        if PlainThread.start({ [self] in open() }) != 0 { open() }
      case .wait:
        if patience.isPast, end.isPast || !isAnswering {
          let failure = StoreError.unreachable(address.description, "no answer came in time")
          throw state.withLock { $0.note(failure) } ? failure : .busy
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
      } catch {
        if error.isOfCrowd { state.withLock { $0.answeredAt = Self.now } }
        throw StoreError(error, path: address.description)
      }
      let encoding = connection.serverEncoding ?? "unknown"
      guard encoding == "UTF8" else {
        throw .unfit(
          "The encoding of the PostgreSQL database is \(encoding); it must be UTF8. Make another one: createdb "
            + "--encoding UTF8 --template template0 NAME, and name it in META_DATABASE_URL.")
      }
      state.withLock { state in
        state.opening -= 1
        state.trouble = nil
        state.answeredAt = Self.now
        state.idle.append(connection)
      }
    } catch {
      state.withLock { state in
        state.opening -= 1
        state.mayOpenAt = Self.now + Self.pause
        state.note(error)
      }
    }
  }

  private static var withoutLibrary: StoreError {
    .unfit(
      "libpq, PostgreSQL's client library, cannot be loaded (\(PostgresConnection.unavailable ?? "")). Install it: "
        + "apt-get install libpq5.")
  }

  /// - Parameter isOfServer: what has become of it has become of all.
  func giveBack(_ connection: PostgresConnection, _ isOfServer: Bool) {
    let isOfUse = !connection.isBroken && !connection.isInTransaction
    // Closed outside of the lock.
    let dropped = state.withLock { state -> [PostgresConnection] in
      if isOfUse {
        state.idle.append(connection)
        return []
      }
      // As a rule the others have lost the same server.
      guard isOfServer || connection.isBroken && !state.isAnswering else { return [] }
      defer { state.idle = [] }
      return state.idle
    }
    withExtendedLifetime(dropped) {}
  }

  /// What a burst has opened goes again, one after the other: other programs may want it.
  func dropIdle() {
    let dropped = state.withLock { state -> PostgresConnection? in
      guard state.idle.count > 1, state.idle[0].deadline.isPast else { return nil }
      return state.idle.removeFirst()
    }
    withExtendedLifetime(dropped) {}
  }
}

extension Server.State {
  /// What everybody is told without asking the server.
  var knownTrouble: StoreError? {
    isWatched || Server.now - troubleAt < Server.rest ? trouble : nil
  }

  /// Remembers a failure, unless it is one connection's alone. Returns whether it was remembered.
  @discardableResult
  mutating func note(_ failure: StoreError) -> Bool {
    if isAnswering, case .unreachable = failure { return false }
    trouble = failure
    troubleAt = Server.now
    failures += 1
    return true
  }
}
