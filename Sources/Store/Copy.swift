internal import Cryptography
internal import SQL

/// All rows from one database into another, of whichever engines: how an installation moves to a server and back, and how
/// a server's rows become a backup, which is the same file on every rung.
package struct CopyReport: Sendable, Equatable {
  package internal(set) var tokens = 0
  package internal(set) var mappings = 0
  package internal(set) var rows = 0
}

private struct Table: Sendable {
  let name: String
  let columns: Int32
  let hasIDs: Bool
  /// The least that its primary key, which is its first column, can be.
  var first = SQLValue.integer(0)
  /// From a key on, in the order of the keys, byte by byte, so that two copies can be compared. In pieces: of a server's
  /// answer all is in memory before its first row is read.
  let read: Statement<Never>
  let insert: Statement<Never>

  /// What others name comes before them.
  static let all = [
    Table(
      name: "meta_access_token", columns: 15, hasIDs: true,
      read: "SELECT * FROM meta_access_token WHERE id >= $1 ORDER BY id LIMIT 1000",
      insert: """
        INSERT INTO meta_access_token VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """),
    Table(
      name: "client_page_mapping", columns: 11, hasIDs: true,
      read: "SELECT * FROM client_page_mapping WHERE id >= $1 ORDER BY id LIMIT 1000",
      insert:
        "INSERT INTO client_page_mapping VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"),
    Table(
      name: "medium", columns: 3, hasIDs: false, first: .text(""),
      read: "SELECT * FROM medium WHERE id >= $1 ORDER BY id LIMIT 1000",
      insert: "INSERT INTO medium VALUES ($1, $2, $3)"),
    Table(
      name: "throttle", columns: 3, hasIDs: false, first: .text(""),
      read: "SELECT * FROM throttle WHERE subject >= $1 ORDER BY subject LIMIT 1000",
      insert: "INSERT INTO throttle VALUES ($1, $2, $3)"),
    Table(
      name: "setting", columns: 2, hasIDs: false, first: .text(""),
      read: "SELECT * FROM setting WHERE name >= $1 ORDER BY name LIMIT 1000",
      insert: "INSERT INTO setting VALUES ($1, $2)"),
    Table(
      name: "api_key", columns: 9, hasIDs: true,
      read: "SELECT * FROM api_key WHERE id >= $1 ORDER BY id LIMIT 1000",
      insert: "INSERT INTO api_key VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
    Table(
      name: "admin_password", columns: 3, hasIDs: false,
      read: "SELECT * FROM admin_password WHERE id >= $1 ORDER BY id LIMIT 1000",
      insert: "INSERT INTO admin_password VALUES ($1, $2, $3)"),
    Table(
      name: "session", columns: 5, hasIDs: false, first: .blob([0]),
      read: "SELECT * FROM session WHERE hash >= $1 ORDER BY hash LIMIT 1000",
      insert: "INSERT INTO session VALUES ($1, $2, $3, $4, $5)"),
    Table(
      name: "sign_in_failure", columns: 3, hasIDs: true,
      read: "SELECT * FROM sign_in_failure WHERE id >= $1 ORDER BY id LIMIT 1000",
      insert: "INSERT INTO sign_in_failure VALUES ($1, $2, $3)"),
    Table(
      name: "event", columns: 9, hasIDs: true,
      read: "SELECT * FROM event WHERE id >= $1 ORDER BY id LIMIT 1000",
      insert: "INSERT INTO event VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
    Table(
      name: "notice", columns: 3, hasIDs: false, first: .text(""),
      read: "SELECT * FROM notice WHERE subject >= $1 ORDER BY subject LIMIT 1000",
      insert: "INSERT INTO notice VALUES ($1, $2, $3)"),
    Table(
      name: "feed", columns: 9, hasIDs: true,
      read: "SELECT * FROM feed WHERE id >= $1 ORDER BY id LIMIT 1000",
      insert: "INSERT INTO feed VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
  ]
}

private enum Copies {
  /// What an empty database has none of. A setting alone is made by the first start.
  static let rows: Statement<Int64> = """
    SELECT (SELECT count(*) FROM meta_access_token) + (SELECT count(*) FROM client_page_mapping)
      + (SELECT count(*) FROM api_key) + (SELECT count(*) FROM admin_password) + (SELECT count(*) FROM feed)
      + (SELECT count(*) FROM event)
    """
  static let lastIDInFile: Statement<Int64> =
    "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = $1), 0)"
  static let lastIDOnServer: Statement<Int64> =
    "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass), 0)"
  static let addSequenceOfFile: Statement<Never> = """
    INSERT INTO sqlite_sequence (name, seq) SELECT $1, $2
      WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = $1)
    """
  static let setSequenceOfFile: Statement<Never> =
    "UPDATE sqlite_sequence SET seq = max(seq, $2) WHERE name = $1"
  static let setSequenceOfServer: Statement<Int64> = """
    SELECT setval(pg_get_serial_sequence($1, 'id')::regclass, greatest($2::bigint, 1), $2::bigint > 0)
    """
  static let others: Statement<Int64> = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND application_name = 'meta-module' AND backend_start < now() - interval '1 second'
    """
}

extension Store {
  /// A million rows over a network take their time, in milliseconds.
  private static let copyPatience: Int32 = 3_600_000

  /// Whether nobody has stored anything here.
  package func isEmpty() throws(StoreError) -> Bool { try first(Copies.rows()) == 0 }

  /// How many connections other processes of this program have to the server: as a rule one that serves has some.
  package func otherConnections() throws(StoreError) -> Int {
    guard server != nil else { return 0 }
    return Int(clamping: try first(Copies.others()) ?? 0)
  }

  /// Puts every row of `source` here, in the place of what is here, in one transaction, and compares what has come with
  /// what was read. `source` is read at one moment.
  ///
  /// - Parameter isMove: only where nothing is. Nobody writes to `source` meanwhile, and when everything is here it says
  ///   so, and opens no more. Killed before that, it is as it was.
  @discardableResult
  package func takeAllRows(
    from source: Store, isMove: Bool = false, progress: (_ rows: Int) -> Void = { _ in }
  ) throws(StoreError) -> CopyReport {
    var problem: StoreError?
    var isOccupied = false
    func copy(_ from: any Connection) throws(SQLError) -> CopyReport {
      do throws(StoreError) {
        return try write(waitingAtMost: Self.copyPatience) { (into) throws(SQLError) in
          into.invalidate()
          // Who asked before may have asked while another one was moving here.
          isOccupied = isMove ? try into.number(Copies.rows()) > 0 : false
          guard !isOccupied else { throw SQLError(state: "XX000") }
          return try copyRows(from, source, into, progress)
        }
      } catch {
        problem = isOccupied ? .unfit("\(path) is not empty. Nothing was changed.") : error
        throw SQLError(state: "XX000")
      }
    }
    do throws(StoreError) {
      guard isMove else { return try source.longSnapshot(copy) }
      return try source.write(waitingAtMost: Self.copyPatience) { (from) throws(SQLError) in
        let report = try copy(from)
        try source.markAsMoved(from)
        return report
      }
    } catch { throw problem ?? error }
  }

  /// A `snapshot` for what takes long over all rows.
  func longSnapshot<Result>(
    _ body: (any Connection) throws(SQLError) -> Result
  ) throws(StoreError) -> Result {
    guard let server else { return try snapshot(body) }
    return try server.transaction(.read, within: Self.copyPatience, body)
  }

  private func markAsMoved(_ connection: any Connection) throws(SQLError) {
    if server == nil {
      try connection.script("PRAGMA application_id = \(Schema.movedID)")
    } else {
      try connection.script("UPDATE installation SET version = \(PostgresSchema.moved)")
    }
  }

  private func copyRows(
    _ from: any Connection, _ source: Store, _ into: any Connection, _ progress: (_ rows: Int) -> Void
  ) throws(SQLError) -> CopyReport {
    for table in Table.all.reversed() { try into.script("DELETE FROM \(table.name)") }
    var report = CopyReport()
    for table in Table.all {
      var sent = Digest()
      var lastID: Int64 = 0
      try from.forEachRow(of: table) { (values) throws(SQLError) in
        try into.run(table.insert(all: values))
        sent.add(values)
        if table.hasIDs, case .integer(let id)? = values.first { lastID = max(lastID, id) }
        report.rows += 1
        if report.rows % 100 == 0 { progress(report.rows) }
      }
      var received = Digest()
      try into.forEachRow(of: table) { received.add($0) }
      guard sent == received else { throw .damagedRow }
      if table.name == "meta_access_token" { report.tokens = sent.count }
      if table.name == "client_page_mapping" { report.mappings = sent.count }
      guard table.hasIDs else { continue }
      // No id that was given once is given to anybody else.
      let last = source.server == nil ? Copies.lastIDInFile : Copies.lastIDOnServer
      lastID = max(lastID, try from.number(last(table.name)))
      if server == nil {
        try into.run(Copies.addSequenceOfFile(table.name, lastID))
        try into.run(Copies.setSequenceOfFile(table.name, lastID))
      } else {
        _ = try into.number(Copies.setSequenceOfServer(table.name, lastID))
      }
    }
    progress(report.rows)
    return report
  }
}

/// Of rows in their order: each is put behind the digest of those before it.
private struct Digest: Equatable {
  private var state: [UInt8] = []
  private(set) var count = 0

  mutating func add(_ row: [SQLValue]) {
    var bytes = state
    for value in row {
      let (kind, content): (UInt8, [UInt8]) =
        switch value {
        case .null: (0, [])
        case .integer(let number): (1, Array(String(number).utf8))
        case .text(let text): (2, Array(text.utf8))
        case .blob(let blob): (3, blob)
        }
      bytes.append(kind)
      bytes += String(content.count).utf8 + [0] + content
    }
    state = SHA256.digest(bytes)
    count += 1
  }
}

extension Connection {
  fileprivate func forEachRow(
    of table: Table, _ body: ([SQLValue]) throws(SQLError) -> Void
  ) throws(SQLError) {
    var last: SQLValue?
    var isOver = false
    while !isOver {
      isOver = true
      // The last of one piece is the first of the next.
      var isKnown = last != nil
      try forEach(table.read(last ?? table.first)) { (row) throws(SQLError) in
        defer { isKnown = false }
        if isKnown { return true }
        var values: [SQLValue] = []
        for column in 0..<table.columns { values.append(try row.value(column)) }
        (last, isOver) = (values.first, false)
        try body(values)
        return true
      }
    }
  }
}
