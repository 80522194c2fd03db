import Foundation
import Glibc
import SQL
import System
import TestSupport
import Testing

/// PostgreSQL through the same door: values both ways, errors that say a state and nothing else, nobody who waits for ever.
@Suite struct PostgresConnectionTests {
  private let connection: PostgresConnection
  private let address: String

  init() throws {
    let server = try #require(PostgresServer.shared, "PostgreSQL is not installed")
    address = try server.makeDatabase()
    connection = try PostgresServer.connect(address)
    try connection.script(
      "CREATE TABLE sample (id bigint PRIMARY KEY, text text, number bigint, bytes bytea)")
  }

  @Test(arguments: ["", "é", "e\u{301}", "😀", "'; DROP TABLE sample; --", "\\x41", "a\nb"])
  func `a text comes back byte for byte`(_ sample: String) throws {
    try connection.run(Query("INSERT INTO sample (id, text) VALUES (1, $1)", sample))
    let read: String? = try connection.first("SELECT text FROM sample WHERE id = 1")
    #expect(read.map { Array($0.utf8) } == Array(sample.utf8))
  }

  @Test func `a zero byte is refused, and never the end of a text`() throws {
    #expect(throws: SQLError(state: "22021")) {
      try connection.run(Query("INSERT INTO sample (id, text) VALUES (1, $1)", "a\0b"))
    }
  }

  @Test(arguments: [Int64.min, -1, 0, 1, Int64.max])
  func `an integer comes back`(_ sample: Int64) throws {
    try connection.run(Query("INSERT INTO sample (id, number) VALUES (1, $1)", sample))
    #expect(try connection.number("SELECT number FROM sample") == sample)
  }

  @Test func `whatever a row has can be put into a statement again`() throws {
    let bytes = Array(UInt8.min...UInt8.max)
    try connection.run(
      Query("INSERT INTO sample (id, text, number, bytes) VALUES (1, $1, $2, $3)", nil as String?, -5, bytes))
    try connection.forEach("SELECT id, text, number, bytes FROM sample" as Query<Never>) {
      (row) throws(SQLError) in
      #expect(try row.bytes(3) == bytes)
      guard case .null = try row.value(1), case .integer(-5) = try row.value(2) else {
        throw SQLError.damagedRow
      }
      return true
    }
  }

  @Test func `a column of another type than the schema's is damage, not a guess`() throws {
    try connection.run("INSERT INTO sample (id, number) VALUES (1, 5)")
    #expect(throws: SQLError.damagedRow) {
      let _: String? = try connection.first("SELECT number FROM sample")
    }
  }

  @Test func `an error says its state and no value`() throws {
    try connection.run("INSERT INTO sample (id) VALUES (1)")
    let error = #expect(throws: SQLError.self) {
      try connection.run(Query("INSERT INTO sample (id, text) VALUES (1, $1)", "secret"))
    }
    #expect(error == SQLError(state: "23505"))
    #expect(!"\(String(describing: error))".contains("secret"))
  }

  @Test func `a COMMIT of what has failed is no commit`() throws {
    try connection.begin("BEGIN")
    #expect(throws: SQLError.self) { try connection.script("SELECT 1/0") }
    #expect(throws: PostgresConnection.Commitment.self) { try connection.commit() }
    #expect(!connection.isInTransaction)
  }

  @Test func `nobody waits beyond the deadline`() throws {
    connection.deadline = .after(milliseconds: 200)
    let begun = ContinuousClock.now
    #expect(throws: SQLError.self) { try connection.script("SELECT pg_sleep(60)") }
    #expect(ContinuousClock.now - begun < .seconds(30))
    #expect(connection.isBroken)
  }

  @Test func `the first host that takes writes is used, whatever the others do`() throws {
    let server = try #require(PostgresServer.shared)
    let good = address.split(separator: "?", maxSplits: 1)[1]
    // Takes connections, and never says anything.
    let silent = try SilentServer(in: server.path + "/silent", port: port(of: address))
    let folder = try #require(good.split(separator: "&").first?.dropFirst("host=".count))
    let both = address.replacingFirst(
      "host=\(folder)", with: "host=\(silent.folder),/nowhere,\(folder)")
    let begun = ContinuousClock.now
    let found = try PostgresConnection.open(PostgresAddress(both), until: .after(milliseconds: 30_000))
    #expect(try found.number("SELECT 1") == 1)
    #expect(ContinuousClock.now - begun < .seconds(15))
  }

  @Test func `a server that says nothing is left at the deadline`() throws {
    let server = try #require(PostgresServer.shared)
    let silent = try SilentServer(in: server.path + "/mute", port: port(of: address))
    #expect(throws: SQLError.self) {
      try PostgresConnection.open(
        PostgresAddress("postgresql://meta@/x?host=\(silent.folder)&port=\(port(of: address))"),
        until: .after(milliseconds: 200))
    }
  }

  @Test(arguments: [
    ("53300", "tut mir leid, schon zu viele Verbindungen", true),
    ("53300", "trop de connexions pour le rôle", true),
    ("08P01", "no more connections allowed (max_client_conn)", true),
    ("08P01", "server login failed: FATAL sorry, too many clients already", true),
    ("08P01", "server login has been failing, try again later (server_login_retry)", false),
    ("28000", "role \"too many clients\" does not exist", false),
    ("57P03", "das Datenbanksystem startet", false),
  ])
  func `a server that is full is known by its code, whatever its language`(
    _ state: String, _ words: String, _ isFull: Bool
  ) throws {
    let fields = Array("SFATAL\0VFATAL\0C\(state)\0M\(words)\0Fpostmaster.c\0L1\0\0".utf8)
    let server = try RawServer { connection in
      _ = connection.read()
      connection.send([UInt8(ascii: "E"), 0, 0, 0, UInt8(fields.count + 4)] + fields)
    }
    let error = #expect(throws: SQLError.self) {
      try PostgresConnection.open(
        PostgresAddress(
          "postgresql://meta@127.0.0.1:\(server.port)/x?sslmode=disable&gssencmode=disable"),
        until: .after(milliseconds: 30_000))
    }
    #expect(error?.isOfCrowd == isFull)
    #expect(error?.isOfConnection == true)
    #expect(error?.reason?.contains("\(state): \(words)") == true)
  }

  private func port(of address: String) -> Int {
    address.split(separator: "&").compactMap { $0.hasPrefix("port=") ? Int($0.dropFirst(5)) : nil }.first ?? 0
  }
}

@Suite struct PostgresAddressTests {
  @Test(arguments: [
    "postgresql://meta:pass@host/name", "postgresql://meta:@host/name", "postgres://:p@host",
    "postgresql://meta:pa/ss@host/name", "postgresql://meta:pass@/@host/name",
    "postgresql://meta:p@ss@host/name", "postgresql://meta@host/name?password=pass",
    "postgresql://host/name?sslmode=require&sslpassword=pass",
  ])
  func `a password in it is refused, and not repeated`(_ text: String) {
    let error = #expect(throws: PostgresAddress.Unfit.password) { try PostgresAddress(text) }
    #expect(error?.sentence.contains("pass@") == false)
  }

  @Test(arguments: [
    "mysql://host/name", "host=a dbname=b", "", "postgresql://host/na me", "postgresql://host/?p%61ssword=x",
    "postgresql://meta:pa/s?s@host/name", "postgresql://host/name?sslmode",
    "postgresql://host/name?passwort=pass", "postgresql://[::1/name", "postgresql://meta@host/%zz",
  ])
  func `what is no address of PostgreSQL is refused`(_ text: String) {
    let error = #expect(throws: PostgresAddress.Unfit.self) { try PostgresAddress(text) }
    #expect(error?.sentence.contains("s@host") == false && error?.sentence.contains("=pass") == false)
  }

  @Test(arguments: [
    "postgresql://meta@a,b,c/name?target_session_attrs=read-write", "postgres:///name?host=/run/postgresql",
    "postgresql://meta@[::1]:5433/name", "postgresql://[::1]:5433/name", "postgresql://host:5432/name",
    "postgresql://host:5432/name?user=meta@example", "postgresql://", "postgresql://?",
  ])
  func `others are taken as they are`(_ text: String) throws {
    #expect(try PostgresAddress(text).description == text)
  }
}

/// Listens where PostgreSQL would, and says nothing.
private final class SilentServer {
  let folder: String
  private let descriptor: Int32

  init(in folder: String, port: Int) throws {
    self.folder = folder
    mkdir(folder, 0o755)
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(folder)/.s.PGSQL.\(port)".utf8) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0, listen(descriptor, 5) == 0 else { throw SQLError(code: errno) }
  }

  deinit { close(descriptor) }
}

extension String {
  fileprivate func replacingFirst(_ part: String, with other: String) -> String {
    guard let range = range(of: part) else { return self }
    return replacingCharacters(in: range, with: other)
  }
}
