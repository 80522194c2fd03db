import Glibc
import SQL
import TestSupport
import Testing

@testable import Store
@testable import Text

@Suite struct `Store: opening` {
  @Test func `a database in a folder that was there before is private, too`() throws {
    let folder = try TemporaryFolder()
    _ = try Store(folder: folder.path)
    #expect(permissions(of: folder.path + "/meta.sqlite3") == 0o600)
  }

  @Test func `folders and files are private whatever the umask`() throws {
    // A folder that has to be made, and one that is there.
    for folders in ["/a/b", ""] {
      let folder = try TemporaryFolder()
      let data = folder.path + folders
      let before = umask(0)
      defer { umask(before) }
      let store = try Store(folder: data)
      _ = try store.saveToken(NewToken(accountLabel: "One", sealedToken: "s"))
      #expect(permissions(of: data) == 0o700)
      for suffix in ["", "-wal", "-shm", ".lock"] {
        let path = data + "/meta.sqlite3" + suffix
        if access(path, F_OK) == 0 { #expect(permissions(of: path) == 0o600, "\(path)") }
      }
    }
  }

  @Test func `what is stored is there after reopening`() throws {
    let folder = try TemporaryFolder()
    let id = try Store(folder: folder.path).saveToken(NewToken(accountLabel: "One", sealedToken: "s")).token
      .id
    let store = try Store(folder: folder.path)
    #expect(try store.token(id)?.sealedToken == "s")
    #expect(try store.schemaVersion() == Schema.newest)
    #expect(try store.journalMode() == "wal")
    try store.checkHealth()
    #expect(try store.integrityProblems().isEmpty)
  }

  @Test func `the connection is set up as promised`() throws {
    let fixture = try StoreFixture()
    let values = try fixture.store.read { (connection) throws(SQLError) in
      [
        try connection.number("PRAGMA synchronous"), try connection.number("PRAGMA foreign_keys"),
        try connection.number("PRAGMA trusted_schema"), try connection.number("PRAGMA busy_timeout"),
        try connection.number("PRAGMA wal_autocheckpoint"), try connection.number("PRAGMA application_id"),
      ]
    }
    let checkpoints: Int64 = DatabaseFile.hasResetBug ? 0 : 1000
    #expect(values == [2, 1, 0, 5000, checkpoints, Schema.applicationID])
    // Defensive: not even an SQL injection could rewrite the schema.
    #expect(throws: StoreError.self) {
      try fixture.store.write { (connection) throws(SQLError) in
        try connection.script("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema")
      }
    }
  }

  @Test func `every table is strict`() throws {
    let fixture = try StoreFixture()
    let lax = try fixture.store.read { (connection) throws(SQLError) in
      try connection.number(
        "SELECT count(*) FROM pragma_table_list WHERE NOT strict AND name NOT LIKE 'sqlite_%'")
    }
    #expect(lax == 0)
  }

  @Test func `the warm lookups use an index`() throws {
    let fixture = try StoreFixture()
    func plan(_ query: Query<Never>) throws -> String {
      var steps: [String] = []
      _ = try fixture.store.read { (connection) throws(SQLError) in
        try connection.forEach(query) { (row) throws(SQLError) in
          steps.append(try row.text(3))
          return true
        }
      }
      return steps.joined(separator: "; ")
    }
    let newest = try plan(
      """
      EXPLAIN QUERY PLAN SELECT * FROM client_page_mapping
      WHERE client_id = 'x' AND ig_account_id IS NOT NULL ORDER BY revision DESC LIMIT 1
      """)
    #expect(newest == "SEARCH client_page_mapping USING INDEX client_page_mapping_newest (client_id=?)")
    let account = try plan("EXPLAIN QUERY PLAN SELECT 1 FROM client_page_mapping WHERE ig_account_id = 'x'")
    #expect(account.contains("client_page_mapping_account"))
    let key = try plan("EXPLAIN QUERY PLAN SELECT id FROM api_key WHERE hash = x'00' AND revoked_at IS NULL")
    #expect(key.contains("USING INDEX"))
  }

  @Test func `a database of a newer version is refused and left as it is`() throws {
    let fixture = try StoreFixture()
    let path = fixture.store.path
    _ = try fixture.store.backup(to: fixture.folder.path + "/copy")
    let other = try TemporaryFolder()
    let newer = other.path + "/meta.sqlite3"
    #expect(rename(fixture.folder.path + "/copy", newer) == 0)
    do {
      let raw = try RawDatabase(newer)
      try raw.execute("PRAGMA user_version = 99; CREATE TABLE from_the_future (x)")
    }
    let before = contents(of: newer)
    #expect(throws: StoreError.newer(path: newer, version: 99, known: Schema.newest)) {
      try Store(folder: other.path)
    }
    #expect(contents(of: newer) == before)
    #expect(access(newer + "-wal", F_OK) != 0)
    #expect(path != newer)
  }

  @Test func `a database that becomes newer under a running program is told by its health`() throws {
    let fixture = try StoreFixture()
    try RawDatabase(fixture.store.path).execute("PRAGMA user_version = 99")
    #expect(throws: StoreError.newer(path: fixture.store.path, version: 99, known: Schema.newest)) {
      try fixture.store.checkHealth()
    }
  }

  @Test func `another program's database is refused and left as it is`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/meta.sqlite3"
    do {
      try RawDatabase(creating: path).execute("CREATE TABLE bookmarks (x); INSERT INTO bookmarks VALUES (1)")
    }
    let before = contents(of: path)
    #expect(throws: StoreError.notOurs(path: path)) { try Store(folder: folder.path) }
    #expect(contents(of: path) == before)
  }

  @Test func `a file that is no database is refused and left as it is`() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/meta.sqlite3"
    #expect(mknod(path, S_IFREG | 0o600, 0) == 0)
    let text = Array(String(repeating: "these are my notes\n", count: 300).utf8)
    overwrite(path, at: 0, with: text)
    #expect(throws: StoreError.notOurs(path: path)) { try Store(folder: folder.path) }
    #expect(contents(of: path) == text)
  }

  @Test func `an empty file is filled`() throws {
    let folder = try TemporaryFolder()
    #expect(mknod(folder.path + "/meta.sqlite3", S_IFREG | 0o600, 0) == 0)
    #expect(try Store(folder: folder.path).schemaVersion() == Schema.newest)
  }

  @Test func `a folder in the place of the file is told in a sentence`() throws {
    let folder = try TemporaryFolder()
    #expect(mkdir(folder.path + "/meta.sqlite3", 0o700) == 0)
    let error = #expect(throws: StoreError.self) { try Store(folder: folder.path) }
    #expect(error?.sentence.contains(folder.path) == true)
  }

  @Test func `a file in the place of the folder is told in a sentence`() throws {
    let folder = try TemporaryFolder()
    #expect(mknod(folder.path + "/data", S_IFREG | 0o600, 0) == 0)
    let error = #expect(throws: StoreError.self) { try Store(folder: folder.path + "/data") }
    #expect(error == .cannotOpen(path: folder.path + "/data/meta.sqlite3", reason: "Not a directory"))
  }

  @Test func `the previous schema is brought up to date with its rows`() throws {
    let folder = try TemporaryFolder()
    try makePreviousSchema(in: folder.path)
    let store = try Store(folder: folder.path)
    #expect(try store.schemaVersion() == Schema.newest)
    #expect(try store.tokens(limit: 10).map(\.accountLabel) == ["Old"])
    #expect(try store.events(limit: 1).isEmpty)
  }

  @Test func `keys of before they were bound open every client, and their ids go on`() throws {
    let folder = try TemporaryFolder()
    do {
      let raw = try RawDatabase(creating: folder.path + "/meta.sqlite3")
      try Schema.migrate(raw.connection, to: 3)
      for id in 1...2 {
        try raw.execute(
          "INSERT INTO api_key (label, scope, prefix, hash, created_at, revoked_at) VALUES ('Site', 'read', 'mm_', "
            + "x'\(String(repeating: "0\(id)", count: 32))', '2025-12-18T10:00:00Z', "
            + (id == 2 ? "'2025-12-18T11:00:00Z')" : "NULL)"))
      }
      try raw.execute(
        "INSERT INTO event (at, actor, action, result) VALUES ('2025-12-18T10:00:00Z', 'a', 'b', 'c')")
    }
    let store = try Store(folder: folder.path)
    let key = try #require(try store.key(hash: [UInt8](repeating: 1, count: 32)))
    #expect(key.clients == nil)
    #expect(key.scope == .read)
    #expect(try store.keys(limit: 9).map(\.id) == [1, 2])
    #expect(try store.keysInForce(limit: 9).map(\.id) == [1])
    let bound = try store.insertKey(
      label: "Bound", scope: .metrics, clients: ["a b", "c"], prefix: "mm_",
      hash: [UInt8](repeating: 9, count: 32))
    #expect(bound.id == 3)
    #expect(bound.clients == ["a b", "c"])
    #expect(try store.events(limit: 9).count == 1)
    #expect(try store.events(limit: 9, ofClients: ["a b"]).isEmpty)
  }

  @Test func `the previous schema is kept as it was beside the database, once`() throws {
    let folder = try TemporaryFolder()
    try makePreviousSchema(in: folder.path)
    let copy = try #require(try Store(folder: folder.path).keptCopy)
    #expect(copy.hasPrefix(folder.path + "/meta.sqlite3.version-1."))
    #expect(permissions(of: copy) == 0o600)
    let kept = try RawDatabase(copy).connection
    #expect(try kept.number("PRAGMA user_version") == 1)
    #expect(try kept.number("SELECT count(*) FROM meta_access_token WHERE account_label = 'Old'") == 1)
    #expect(try Store(folder: folder.path).keptCopy == nil)
  }

  @Test
  func `a migration that fails again and again keeps one copy of what it found, and another of another`()
    throws
  {
    let folder = try TemporaryFolder()
    try makePreviousSchema(in: folder.path)
    // In the way of the last migration.
    let raw = try RawDatabase(folder.path + "/meta.sqlite3")
    try raw.execute("CREATE TABLE notice (subject TEXT) STRICT")
    func copies() -> [String] {
      DatabaseFile(folder: folder.path).files(named: folder.path + "/meta.sqlite3.version-")
    }
    for _ in 1...3 {
      let error = #expect(throws: StoreError.self) { try Store(folder: folder.path) }
      #expect(error == .unexpected(code: "1"))
      #expect(copies().count == 1)
    }
    #expect(try RawDatabase(copies()[0]).connection.number("PRAGMA user_version") == 1)
    // The program of that version went on meanwhile.
    try raw.execute("UPDATE meta_access_token SET account_label = 'Older'")
    func nextSecond() {
      let now = Timestamp.now
      Wait.until(within: 60) { Timestamp.now != now }
    }
    nextSecond()
    for _ in 1...2 { #expect(throws: StoreError.self) { try Store(folder: folder.path) } }
    #expect(copies().count == 2)
    try raw.execute("DROP TABLE notice")
    nextSecond()
    let kept = try #require(try Store(folder: folder.path).keptCopy)
    #expect(access(kept, F_OK) == 0)
  }

  @Test
  func `a store for one request reads everything of one moment, and lets go of it before it waits or writes`()
    throws
  {
    let fixture = try StoreFixture()
    let single = try Store(folder: fixture.folder.path, readsAtOneMoment: true)
    #expect(try single.credentials().keysInForce == 0)
    let key = [UInt8](repeating: 7, count: 32)
    _ = try fixture.store.insertKey(label: "Site", scope: .read, prefix: "mm_abcdef", hash: key)
    #expect(try single.key(hash: key) == nil)
    single.endFirstRead()
    #expect(try single.key(hash: key) != nil)
    let other = try Store(folder: fixture.folder.path, readsAtOneMoment: true)
    #expect(try other.key(hash: key) != nil)
    #expect(try other.revokeKey(1))
    #expect(try fixture.store.key(hash: key) == nil)
    let synchronous = try other.read { (connection) throws(SQLError) in
      try connection.number("PRAGMA synchronous")
    }
    #expect(synchronous == 2)
  }

  @Test func `a store for one request makes and migrates what it finds as any other`() throws {
    let empty = try TemporaryFolder()
    let made = try Store(folder: empty.path, readsAtOneMoment: true)
    #expect(try made.saveToken(NewToken(accountLabel: "One", sealedToken: "s")).created)
    let old = try TemporaryFolder()
    try makePreviousSchema(in: old.path)
    let migrated = try Store(folder: old.path, readsAtOneMoment: true)
    #expect(try migrated.tokens(limit: 10).map(\.accountLabel) == ["Old"])
    #expect(try migrated.schemaVersion() == Schema.newest)
  }

  @Test func `a new database leaves no copy`() throws {
    #expect(try StoreFixture().store.keptCopy == nil)
  }

  @Test func `a database that cannot be copied is not touched`() throws {
    let folder = try TemporaryFolder()
    try makePreviousSchema(in: folder.path)
    // Every name that the copy could have is taken.
    let now = Timestamp.now.seconds
    for second in now...now + 60 {
      #expect(mkdir("\(folder.path)/meta.sqlite3.version-1.\(second)", 0o700) == 0)
    }
    #expect(throws: StoreError.self) { try Store(folder: folder.path) }
    let raw = try RawDatabase(folder.path + "/meta.sqlite3").connection
    #expect(try raw.number("PRAGMA user_version") == 1)
  }

  @Test func `where a WAL does not work, a rollback journal is used`() throws {
    let folder = try TemporaryFolder()
    let file = DatabaseFile(folder: folder.path, carriesWAL: false)
    let store = try Store(file: file)
    #expect(try store.journalMode() == "delete")
    let id = try store.saveToken(NewToken(accountLabel: "One", sealedToken: "s")).token.id
    #expect(try Store(file: file).token(id)?.sealedToken == "s")
    #expect(access(file.path + "-wal", F_OK) != 0)
    // EXTRA: the removal of the journal is the commit.
    let synchronous = try store.read { (connection) throws(SQLError) in
      try connection.number("PRAGMA synchronous")
    }
    #expect(synchronous == 3)
  }

  @Test func `a database changes its journal with the file system it is moved to`() throws {
    let folder = try TemporaryFolder()
    var id: Int64 = 0
    do {
      id = try Store(folder: folder.path).saveToken(NewToken(accountLabel: "One", sealedToken: "s")).token.id
    }
    do {
      let moved = try Store(file: DatabaseFile(folder: folder.path, carriesWAL: false))
      #expect(try moved.journalMode() == "delete")
      #expect(try moved.token(id) != nil)
    }
    let back = try Store(folder: folder.path)
    #expect(try back.journalMode() == "wal")
    #expect(try back.token(id) != nil)
  }

  @Test func `the file system of this machine is looked up where the folder will be`() throws {
    let folder = try TemporaryFolder()
    #expect(DatabaseFile(folder: folder.path + "/not/there/yet").carriesWAL)
    // proc and sysfs are no network file systems either; what matters is that statfs answered.
    #expect(DatabaseFile(folder: "/proc").carriesWAL)
  }
}

/// A database as the first release would have left it.
func makePreviousSchema(in folder: String) throws {
  let raw = try RawDatabase(creating: folder + "/meta.sqlite3")
  try raw.execute("PRAGMA journal_mode = WAL")
  try Schema.migrate(raw.connection, to: 1)
  try raw.execute(
    """
    INSERT INTO meta_access_token (account_label, access_token, status, created_at, updated_at)
    VALUES ('Old', 'sealed', 'active', '2025-12-18T10:00:00Z', '2025-12-18T10:00:00Z')
    """)
}
