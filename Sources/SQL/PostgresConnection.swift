internal import CPostgres
internal import Glibc
package import System

/// One connection to a PostgreSQL server, which nobody waits for beyond its deadline.
///
/// In life: a process has a few, which its threads take by turns; one answer takes some tenths of a millisecond. Nothing is
/// kept in the server's session (no prepared statements, no settings beyond a transaction), so that a pooler in
/// transaction mode may stand in between. Used by one thread at a time.
package final class PostgresConnection: Connection, @unchecked Sendable {
  private let functions: UnsafePointer<cpostgres>
  private let handle: PostgresHandle
  /// When to give up: nothing waits longer, and the connection is then of no use any more.
  package var deadline: Deadline
  /// Asked now and then when that is over: whether to wait on all the same.
  package var mayGoOnWaiting: () -> Bool = { false }
  package var isBroken = false
  /// Whether the transaction at hand has said so.
  package private(set) var isInvalidating = false

  fileprivate init(_ handle: PostgresHandle, _ functions: UnsafePointer<cpostgres>, _ deadline: Deadline) {
    (self.handle, self.functions, self.deadline) = (handle, functions, deadline)
    _ = functions.pointee.setnonblocking(handle.pointer, 1)
  }

  /// As the server has told: the database's encoding.
  package var serverEncoding: String? {
    functions.pointee.parameterStatus(handle.pointer, "server_encoding").map { String(cString: $0) }
  }

  /// Whether anything is to be read although nothing was asked: as a rule, that the server is gone.
  package var isStale: Bool {
    var entry = pollfd(fd: functions.pointee.socket(handle.pointer), events: Int16(POLLIN), revents: 0)
    return isBroken || poll(&entry, 1, 0) != 0
  }

  // MARK: - Statements

  @discardableResult
  package func forEach<Answer>(
    _ query: Query<Answer>, _ body: (borrowing Row) throws(SQLError) -> Bool
  ) throws(SQLError) -> Bool {
    let result = try ask(query.text, query.values)
    for row in 0..<functions.pointee.ntuples(result.pointer) {
      guard try body(Row(result.pointer, row, functions)) else { return false }
    }
    return true
  }

  @discardableResult
  package func run(_ query: Query<Never>) throws(SQLError) -> Int {
    let result = try ask(query.text, query.values)
    return functions.pointee.cmdTuples(result.pointer).flatMap { Int(String(cString: $0)) } ?? 0
  }

  package func script(_ sql: String) throws(SQLError) {
    guard functions.pointee.sendQuery(handle.pointer, sql) == 1 else { throw broken() }
    _ = try answer()
  }

  package func invalidate() { isInvalidating = true }

  /// Each value in one block of bytes: integers as digits, all else as it is.
  private func ask(_ text: StaticString, _ values: [any Bindable]) throws(SQLError) -> PostgresResult {
    var block: [UInt8] = []
    var places: [Int?] = []
    var (lengths, formats): ([Int32], [Int32]) = ([], [])
    for value in values {
      let start = block.count
      var isBinary: Int32 = 1
      switch value.bound {
      case .null:
        places.append(nil)
        lengths.append(0)
        formats.append(0)
        continue
      case .integer(let number):
        block += String(number).utf8
        isBinary = 0
      case .text(let text): block += text.utf8
      case .blob(let bytes): block += bytes
      }
      places.append(start)
      lengths.append(Int32(clamping: block.count - start))
      formats.append(isBinary)
      block.append(0)
    }
    let isSent = block.withUnsafeBytes { block in
      let pointers = places.map { place -> UnsafePointer<CChar>? in
        guard let place, let base = block.baseAddress else { return nil }
        return (base + place).assumingMemoryBound(to: CChar.self)
      }
      return text.utf8Start.withMemoryRebound(to: CChar.self, capacity: text.utf8CodeUnitCount) {
        functions.pointee.sendQueryParams(
          handle.pointer, $0, Int32(clamping: values.count), nil, pointers, lengths, formats, 1)
      }
    }
    guard isSent == 1 else { throw broken() }
    return try answer()
  }

  // MARK: - Transactions

  /// Whether a transaction is open.
  package var isInTransaction: Bool {
    let status = functions.pointee.transactionStatus(handle.pointer)
    return status == 2 || status == 3
  }

  /// - Parameter begin: a kind of BEGIN, and what holds for this transaction alone.
  /// - Returns: how many rows its last statement has found.
  @discardableResult
  package func begin(_ begin: String) throws(SQLError) -> Int {
    isInvalidating = false
    guard functions.pointee.sendQuery(handle.pointer, begin) == 1 else { throw broken() }
    let result = try answer()
    return Int(functions.pointee.ntuples(result.pointer))
  }

  package enum Commitment: Error {
    /// Nothing of the transaction has happened.
    case refused(SQLError)
    /// It may have happened, or may yet be undone: the connection was lost, or it is not on the standby.
    case unknown
  }

  package func commit() throws(Commitment) {
    handle.warning.pointee = false
    let result: PostgresResult
    do throws(SQLError) {
      guard functions.pointee.sendQuery(handle.pointer, "COMMIT") == 1 else { throw broken() }
      result = try answer()
    } catch {
      throw error.isOfConnection || isBroken ? .unknown : .refused(error)
    }
    // "canceling wait for synchronous replication" is a warning: it stands on this server alone.
    if handle.warning.pointee { throw .unknown }
    guard let words = functions.pointee.cmdStatus(result.pointer), strcmp(words, "COMMIT") == 0 else {
      throw .refused(SQLError(state: "25P02"))
    }
  }

  /// Ends what was begun, as far as that can be done at once.
  package func rollBack() {
    guard !isBroken, isInTransaction else { return }
    do throws(SQLError) { try script("ROLLBACK") } catch { isBroken = true }
  }

  // MARK: - Waiting

  private func broken() -> SQLError {
    isBroken = true
    return .lost()
  }

  /// The last result of what was sent, or the first error.
  private func answer() throws(SQLError) -> PostgresResult {
    while true {
      let left = functions.pointee.flush(handle.pointer)
      if left == 0 { break }
      guard left > 0 else { throw broken() }
      let ready = try wait(for: Int16(POLLIN | POLLOUT))
      // A server that answers while we still send must be read, or both wait for ever.
      if ready & Int16(POLLIN) != 0, functions.pointee.consumeInput(handle.pointer) != 1 { throw broken() }
    }
    var last: PostgresResult?
    var failure: SQLError?
    while true {
      while functions.pointee.isBusy(handle.pointer) != 0 {
        _ = try wait(for: Int16(POLLIN))
        guard functions.pointee.consumeInput(handle.pointer) == 1 else { throw broken() }
      }
      guard let pointer = functions.pointee.getResult(handle.pointer) else { break }
      let result = PostgresResult(pointer, functions)
      switch functions.pointee.resultStatus(pointer) {
      case PostgresStatus.commandOK, PostgresStatus.tuplesOK, PostgresStatus.emptyQuery: last = result
      default:
        failure = failure ?? self.failure(pointer)
      }
    }
    if let failure { throw failure }
    guard let last else { throw broken() }
    return last
  }

  private func failure(_ result: OpaquePointer) -> SQLError {
    func field(_ field: Int32) -> String? {
      functions.pointee.resultErrorField(result, field).map { String(cString: $0) }
    }
    guard let state = field(PostgresField.state) else { return broken() }
    if state.hasPrefix("57P0") { isBroken = true }
    let error = SQLError(state: state)
    // Of what befalls a connection the words name no value, and a pooler has one state for everything.
    guard error.isOfConnection, let words = field(PostgresField.words) else { return error }
    return SQLError(state: state, reason: Self.printable(words) + " (SQLSTATE \(state))")
  }

  private func wait(for events: Int16) throws(SQLError) -> Int16 {
    while true {
      var entry = pollfd(fd: functions.pointee.socket(handle.pointer), events: events, revents: 0)
      let count = poll(&entry, 1, deadline.remainingMilliseconds)
      if count > 0 { return entry.revents & (Int16(POLLERR) | Int16(POLLHUP)) == 0 ? entry.revents : events }
      if count == 0, mayGoOnWaiting() {
        deadline = .after(milliseconds: 100)
        continue
      }
      guard count < 0, errno == EINTR else {
        isBroken = true
        throw .lost("it does not answer")
      }
    }
  }
}

// MARK: - Connecting

extension PostgresConnection {
  /// Why libpq cannot be used; `nil`: it can.
  package static var unavailable: String? {
    cpostgres_functions() == nil ? String(cString: cpostgres_unavailable()) : nil
  }

  /// Asks all hosts at the same time; the first one that takes writes has it.
  ///
  /// The look-up of a name waits for as long as the system likes.
  package static func open(
    _ address: PostgresAddress, until deadline: Deadline
  ) throws(SQLError) -> PostgresConnection {
    guard let functions = cpostgres_functions() else {
      throw SQLError(state: "08001", reason: String(cString: cpostgres_unavailable()))
    }
    var attempts: [(handle: PostgresHandle, events: Int16)] = []
    for settings in try address.alternatives(functions) {
      if let handle = PostgresHandle(settings, functions) { attempts.append((handle, Int16(POLLOUT))) }
    }
    var (words, reasons): ([String], [String]) = ([], [])
    while !attempts.isEmpty {
      var entries = attempts.map {
        pollfd(fd: functions.pointee.socket($0.handle.pointer), events: $0.events, revents: 0)
      }
      // Some fail before they have a socket.
      let hasFailed = entries.contains { $0.fd < 0 }
      let count = poll(&entries, nfds_t(entries.count), hasFailed ? 0 : deadline.remainingMilliseconds)
      if count < 0, errno == EINTR { continue }
      guard count > 0 || hasFailed else {
        throw .refused(words, (reasons + ["no answer came in time"]).joined(separator: "; "))
      }
      for index in attempts.indices.reversed() where entries[index].revents != 0 || entries[index].fd < 0 {
        let handle = attempts[index].handle
        switch functions.pointee.connectPoll(handle.pointer) {
        case PostgresPolling.ok: return PostgresConnection(handle, functions, deadline)
        case PostgresPolling.reading: attempts[index].events = Int16(POLLIN)
        case PostgresPolling.writing: attempts[index].events = Int16(POLLOUT)
        default:
          words.append(handle.trouble)
          reasons.append(printable(handle.trouble))
          attempts.remove(at: index)
        }
      }
    }
    throw .refused(words, reasons.isEmpty ? nil : reasons.joined(separator: "; "))
  }

  /// The first line of what a library says, of a length that a log can bear.
  static func printable(_ text: String) -> String {
    var result = ""
    result.unicodeScalars.append(contentsOf: text.unicodeScalars.prefix { $0 != "\n" }.prefix(400))
    result.unicodeScalars.removeAll { $0.value < 0x20 || $0.value == 0x7f }
    return result
  }
}

/// The owner of libpq's connection.
private final class PostgresHandle {
  let pointer: OpaquePointer
  /// A warning came, which a COMMIT that is safe does not cause. Written by libpq on the thread that reads an answer.
  let warning: UnsafeMutablePointer<Bool>
  private let functions: UnsafePointer<cpostgres>

  init?(_ settings: [(String, String)], _ functions: UnsafePointer<cpostgres>) {
    let copies = settings.map { (strdup($0.0), strdup($0.1)) }
    defer {
      for (name, value) in copies {
        free(name)
        free(value)
      }
    }
    let names = copies.map { UnsafePointer<CChar>($0.0) } + [nil]
    let values = copies.map { UnsafePointer<CChar>($0.1) } + [nil]
    guard let pointer = functions.pointee.connectStartParams(names, values, 0) else { return nil }
    (self.pointer, self.functions) = (pointer, functions)
    warning = .allocate(capacity: 1)
    warning.initialize(to: false)
    _ = functions.pointee.setErrorVerbosity(pointer, PostgresVerbosity.verbose)
    // From the first moment: what comes while it connects would go to standard error otherwise, as libpq writes it.
    _ = functions.pointee.setNoticeReceiver(
      pointer,
      { context, notice in
        guard let functions = cpostgres_functions(),
          let severity = functions.pointee.resultErrorField(notice, PostgresField.severity),
          strcmp(severity, "WARNING") == 0
        else { return }
        context?.assumingMemoryBound(to: Bool.self).pointee = true
      }, warning)
  }

  /// Why it failed, in libpq's words, of which the password may be one.
  var trouble: String {
    var text = Array(String(cString: functions.pointee.errorMessage(pointer)).utf8)
    let password = functions.pointee.pass(pointer).map { Array(String(cString: $0).utf8) } ?? []
    var place = 0
    while !password.isEmpty, place + password.count <= text.count {
      if text[place...].starts(with: password) {
        text.replaceSubrange(place..<(place + password.count), with: "…".utf8)
      }
      place += 1
    }
    return String(decoding: text, as: UTF8.self)
  }

  deinit {
    functions.pointee.finish(pointer)
    warning.deallocate()
  }
}

/// The owner of an answer.
private final class PostgresResult {
  let pointer: OpaquePointer
  private let functions: UnsafePointer<cpostgres>

  init(_ pointer: OpaquePointer, _ functions: UnsafePointer<cpostgres>) {
    (self.pointer, self.functions) = (pointer, functions)
  }

  deinit { functions.pointee.clear(pointer) }
}

// libpq's numbers (libpq-fe.h, postgres_ext.h).

private enum PostgresPolling {
  static let (reading, writing, ok): (Int32, Int32, Int32) = (1, 2, 3)
}

private enum PostgresStatus {
  static let (emptyQuery, commandOK, tuplesOK): (Int32, Int32, Int32) = (0, 1, 2)
}

private enum PostgresVerbosity {
  static let verbose: Int32 = 2
}

private enum PostgresField {
  static let severity = Int32(UInt8(ascii: "V"))
  static let state = Int32(UInt8(ascii: "C"))
  static let words = Int32(UInt8(ascii: "M"))
}
