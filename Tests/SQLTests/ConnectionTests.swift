import Glibc
import SQL
import TestSupport
import Testing

/// SQLite through our door: values both ways, rows that are lent, errors that say a code and nothing else.
@Suite struct ConnectionTests {
  private let folder: TemporaryFolder
  private let connection: SQLiteConnection

  init() throws {
    folder = try TemporaryFolder()
    let path = folder.path + "/sample.sqlite3"
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
    connection = try SQLiteConnection(opening: path, patience: 1000)
    try connection.script(
      "CREATE TABLE sample (id INTEGER PRIMARY KEY, text TEXT, number INTEGER, bytes BLOB) STRICT")
  }

  private struct Sample: Readable, Equatable {
    var id: Int64, text: String?, number: Int64?

    init(id: Int64, text: String?, number: Int64?) { (self.id, self.text, self.number) = (id, text, number) }

    init(reading row: borrowing Row) throws(SQLError) {
      id = try row.integer(0)
      text = try row.optionalText(1)
      number = try row.optionalInteger(2)
    }
  }

  @Test(arguments: ["", "a\0b", "é", "e\u{301}", "😀", "'; DROP TABLE sample; --"])
  func `a text comes back byte for byte`(_ sample: String) throws {
    try connection.run(Query("INSERT INTO sample (id, text) VALUES (1, $1)", sample))
    let read: String? = try connection.first("SELECT text FROM sample WHERE id = 1")
    #expect(read.map { Array($0.utf8) } == Array(sample.utf8))
  }

  @Test func `nothing is NULL, and an empty text or no bytes are not`() throws {
    try connection.run(
      Query(
        "INSERT INTO sample (id, text, number, bytes) VALUES (1, $1, $2, $3)", nil as String?, nil as Int64?,
        nil as [UInt8]?))
    try connection.run(Query("INSERT INTO sample (id, text, bytes) VALUES (2, $1, $2)", "", [UInt8]()))
    #expect(
      try connection.number(
        "SELECT count(*) FROM sample WHERE text IS NULL AND number IS NULL AND bytes IS NULL") == 1)
    #expect(
      try connection.number("SELECT count(*) FROM sample WHERE typeof(bytes) = 'blob' AND text = ''") == 1)
  }

  @Test(arguments: [Int64.min, -1, 0, 1, Int64.max])
  func `an integer comes back`(_ sample: Int64) throws {
    try connection.run(Query("INSERT INTO sample (id, number) VALUES (1, $1)", sample))
    #expect(try connection.number("SELECT number FROM sample") == sample)
  }

  @Test func `a parameter may be named twice, and in any order`() throws {
    let insert: Statement<Sample> =
      "INSERT INTO sample (number, id, text) VALUES ($2, $1, $3 || $3) RETURNING id, text, number"
    #expect(try connection.first(insert(7, 8, "ab")) == Sample(id: 7, text: "abab", number: 8))
    #expect(
      try connection.all("SELECT id, text, number FROM sample") == [Sample(id: 7, text: "abab", number: 8)])
  }

  @Test func `a statement that returns rows has changed all of them when the first is read`() throws {
    for id in 1...3 { try connection.run(Query("INSERT INTO sample (id) VALUES ($1)", id)) }
    let first: Int64? = try connection.first("UPDATE sample SET number = 5 RETURNING id")
    #expect(first != nil)
    #expect(try connection.number("SELECT count(*) FROM sample WHERE number = 5") == 3)
  }

  @Test func `a column of another type than the schema's is damage, not a guess`() throws {
    try connection.run("INSERT INTO sample (id, number) VALUES (1, 5)")
    #expect(throws: SQLError.damagedRow) {
      let _: String? = try connection.first("SELECT number FROM sample")
    }
    #expect(throws: SQLError.damagedRow) {
      let _: String? = try connection.first("SELECT CAST(x'ff' AS TEXT)")
    }
  }

  @Test func `what a transaction did is gone when its body throws`() throws {
    #expect(throws: SQLError.self) {
      try connection.transaction("BEGIN IMMEDIATE") { (connection) throws(SQLError) in
        try connection.run("INSERT INTO sample (id) VALUES (1)")
        try connection.run("INSERT INTO sample (id) VALUES (1)")
      }
    }
    #expect(!connection.isInTransaction)
    #expect(try connection.number("SELECT count(*) FROM sample") == 0)
  }

  @Test func `an error names the constraint's kind and no value`() throws {
    try connection.run(Query("INSERT INTO sample (id, text) VALUES (1, $1)", "a secret"))
    let error = #expect(throws: SQLError.self) {
      try connection.run(Query("INSERT INTO sample (id, text) VALUES (1, $1)", "a secret"))
    }
    #expect(error?.primaryCode == 19)
    #expect(!"\(String(describing: error))".contains("secret"))
  }

  @Test func `a row that is not read to its end holds no lock`() throws {
    for id in 1...3 { try connection.run(Query("INSERT INTO sample (id) VALUES ($1)", id)) }
    let isComplete = try connection.forEach("SELECT id FROM sample ORDER BY id" as Query<Never>) { _ in false
    }
    #expect(!isComplete)
    let other = try SQLiteConnection(opening: folder.path + "/sample.sqlite3", patience: 0)
    #expect(try other.run("DELETE FROM sample") == 3)
  }

  @Test func `a locked database is busy after the time that was given`() throws {
    let other = try SQLiteConnection(opening: folder.path + "/sample.sqlite3", patience: 0)
    try connection.transaction("BEGIN IMMEDIATE") { (_) throws(SQLError) in
      do throws(SQLError) {
        try other.run("INSERT INTO sample (id) VALUES (1)")
        Issue.record("written under another's lock")
      } catch { #expect(error.isBusy) }
    }
    #expect(try other.run("INSERT INTO sample (id) VALUES (1)") == 1)
  }

  @Test func `a file that is not there is told, and not made`() throws {
    let error = #expect(throws: SQLError.self) {
      _ = try SQLiteConnection(opening: folder.path + "/nothing.sqlite3", patience: 0)
    }
    #expect(error?.systemError == ENOENT)
    #expect(access(folder.path + "/nothing.sqlite3", F_OK) != 0)
  }

  @Test func `why a file cannot be read is told, although it shows while a statement is compiled`() throws {
    let copy = folder.path + "/alone.sqlite3"
    close(open(copy, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
    try SQLiteConnection(opening: copy, patience: 0).script(
      "PRAGMA journal_mode = WAL; CREATE TABLE sample (id INTEGER)")
    // The schema is looked at through the WAL, which is not to be had.
    mkdir(copy + "-wal", 0o700)
    let error = #expect(throws: SQLError.self) {
      try SQLiteConnection(opening: copy, patience: 0).number("SELECT count(*) FROM sample")
    }
    #expect(error?.systemError == EISDIR)
  }

  @Test func `the WAL index tells of a commit of another connection`() throws {
    #expect(try connection.walIndexHeader() == nil)
    let path = folder.path + "/wal.sqlite3"
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
    let (one, other) = (
      try SQLiteConnection(opening: path, patience: 0), try SQLiteConnection(opening: path, patience: 0)
    )
    try one.run("PRAGMA journal_mode = WAL")
    try one.script("CREATE TABLE sample (id INTEGER PRIMARY KEY)")
    let before = try #require(try one.walIndexHeader())
    #expect(try one.walIndexHeader() == before)
    try other.run("INSERT INTO sample (id) VALUES (1)")
    #expect(try one.walIndexHeader() != before)
  }

  @Test func `a copy is whole, and the source goes on`() throws {
    for id in 1...500 { try connection.run(Query("INSERT INTO sample (id) VALUES ($1)", id)) }
    let path = folder.path + "/copy.sqlite3"
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
    let copy = try SQLiteConnection(opening: path, patience: 0)
    try copy.copyAll(from: connection)
    #expect(try copy.number("SELECT count(*) FROM sample") == 500)
    #expect(try connection.run("DELETE FROM sample") == 500)
    #expect(try copy.number("SELECT count(*) FROM sample") == 500)
  }
}
