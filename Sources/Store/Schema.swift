package import SQL

/// The schema this program works with, and how a database comes to have it.
package enum Schema {
  /// Tells our files from any other SQLite database ("Meta").
  package static let applicationID: Int64 = 0x4D65_7461

  /// What a file says whose rows live elsewhere now ("Move").
  static let movedID: Int64 = 0x4D6F_7665

  /// The version this program reads and writes: the number of the last migration.
  package static var newest: Int { Migration.all.count }

  /// Whether the database is ours and has every migration.
  static func isUpToDate(_ connection: SQLiteConnection) throws(SQLError) -> Bool {
    guard try isOurs(connection) else { return false }
    return try version(of: connection) == newest
  }

  /// Whether the file says that it is ours.
  package static func isOurs(_ connection: SQLiteConnection) throws(SQLError) -> Bool {
    try connection.number("PRAGMA application_id") == applicationID
  }

  /// The number of the last migration the database has.
  package static func version(of connection: SQLiteConnection) throws(SQLError) -> Int {
    Int(clamping: try connection.number("PRAGMA user_version"))
  }

  /// Why this database must not be touched, if it must not. An empty file is ours to fill.
  package static func refusal(
    of connection: SQLiteConnection, at path: String
  ) throws(SQLError) -> StoreError? {
    // One moment of it: another process may be making it what it is to be.
    try connection.transaction("BEGIN") { (connection) throws(SQLError) in
      let version = try version(of: connection)
      guard try isOurs(connection) else {
        if try connection.number("PRAGMA application_id") == movedID { return .moved(path) }
        let tables = try connection.number("SELECT count(*) FROM sqlite_schema")
        return tables == 0 && version == 0 ? nil : .notOurs(path: path)
      }
      return version > newest ? .newer(path: path, version: version, known: newest) : nil
    }
  }

  /// Runs the migrations that the database lacks, all in one transaction.
  static func migrate(_ connection: SQLiteConnection, to version: Int = newest) throws(SQLError) {
    try connection.transaction("BEGIN IMMEDIATE") { (connection) throws(SQLError) in
      // Looked at again: while we waited for the lock, another process may have done it.
      let present = max(0, try Schema.version(of: connection))
      guard present < version else { return }
      for migration in Migration.all[present..<version] { try connection.script(migration) }
      try connection.script("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version)")
    }
  }
}

/// One step of the schema. Steps are never edited once released; a change is a further step.
///
/// `user_version` is the number of the last step a database has. All missing steps run in one transaction.
enum Migration {
  /// The schema's history, oldest first.
  static let all = [
    // 0001 tokens, mappings, media, throttles and settings
    """
    CREATE TABLE meta_access_token (
      id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: events and people name tokens by it
      account_label TEXT NOT NULL,
      access_token TEXT NOT NULL CHECK (access_token <> ''),  -- sealed
      expires_at TEXT,
      status TEXT NOT NULL CHECK (status IN ('active', 'expired', 'invalid')),
      status_reason TEXT,
      user_id TEXT,
      user_name TEXT,
      profile_picture TEXT,
      data_access_expires_at TEXT,
      scopes TEXT,  -- separated by spaces; NULL: not known
      last_checked_at TEXT,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX meta_access_token_user ON meta_access_token (user_id) WHERE user_id IS NOT NULL;

    CREATE TABLE client_page_mapping (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      client_id TEXT NOT NULL COLLATE BINARY,
      fb_page_id TEXT NOT NULL COLLATE BINARY,
      ig_account_id TEXT COLLATE BINARY,
      page_access_token TEXT NOT NULL CHECK (page_access_token <> ''),  -- sealed
      token_id INTEGER REFERENCES meta_access_token (id) ON DELETE SET NULL,
      fb_page_name TEXT,
      ig_username TEXT,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL,
      revision INTEGER NOT NULL,  -- grows with each sync of a client: exact where updated_at has equals
      UNIQUE (client_id, fb_page_id)
    ) STRICT;
    CREATE INDEX client_page_mapping_newest ON client_page_mapping (client_id, revision)
      WHERE ig_account_id IS NOT NULL;
    CREATE INDEX client_page_mapping_account ON client_page_mapping (ig_account_id);
    CREATE INDEX client_page_mapping_token ON client_page_mapping (token_id);

    CREATE TABLE medium (
      id TEXT NOT NULL COLLATE BINARY PRIMARY KEY,
      ig_account_id TEXT NOT NULL COLLATE BINARY,
      seen_at INTEGER NOT NULL  -- seconds since 1970
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX medium_account ON medium (ig_account_id, seen_at);

    CREATE TABLE throttle (
      subject TEXT NOT NULL COLLATE BINARY PRIMARY KEY,
      blocked_until INTEGER NOT NULL,  -- seconds since 1970
      reason TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE setting (
      name TEXT NOT NULL COLLATE BINARY PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    // 0002 who may call, and who did what
    """
    CREATE TABLE api_key (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      label TEXT NOT NULL,
      scope TEXT NOT NULL CHECK (scope IN ('admin', 'read')),
      prefix TEXT NOT NULL,  -- the first characters, by which a person recognises the key
      hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),  -- SHA-256
      created_at TEXT NOT NULL,
      last_used_at TEXT,
      revoked_at TEXT
    ) STRICT;

    CREATE TABLE admin_password (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      hash TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT;

    CREATE TABLE session (
      hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),  -- SHA-256
      created_at TEXT NOT NULL,
      expires_at TEXT NOT NULL,
      last_seen TEXT NOT NULL,
      address TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE sign_in_failure (
      id INTEGER PRIMARY KEY,
      address TEXT NOT NULL COLLATE BINARY,
      at INTEGER NOT NULL  -- seconds since 1970
    ) STRICT;
    CREATE INDEX sign_in_failure_address ON sign_in_failure (address, at);

    CREATE TABLE event (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at TEXT NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      subject TEXT,
      address TEXT,
      result TEXT NOT NULL,
      request_id TEXT
    ) STRICT;
    """,
    // 0003 kinds of tokens, and what was told of which row
    """
    ALTER TABLE meta_access_token ADD COLUMN kind TEXT NOT NULL DEFAULT 'user';

    CREATE TABLE notice (
      subject TEXT NOT NULL COLLATE BINARY PRIMARY KEY,  -- token 3
      word TEXT NOT NULL,  -- what is the matter with it
      told_at INTEGER NOT NULL  -- seconds since 1970
    ) STRICT, WITHOUT ROWID;
    """,
    // 0004 keys that are bound to clients, and what is shown of a client in public
    """
    CREATE TABLE bound_api_key (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      label TEXT NOT NULL,
      scope TEXT NOT NULL CHECK (scope IN ('admin', 'metrics', 'read')),
      prefix TEXT NOT NULL,
      hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),  -- SHA-256
      created_at TEXT NOT NULL,
      last_used_at TEXT,
      revoked_at TEXT,
      client_ids TEXT  -- one a line; NULL: every client
    ) STRICT;
    INSERT INTO bound_api_key
      SELECT id, label, scope, prefix, hash, created_at, last_used_at, revoked_at, NULL FROM api_key;
    DROP TABLE api_key;
    ALTER TABLE bound_api_key RENAME TO api_key;

    ALTER TABLE event ADD COLUMN client_id TEXT;
    CREATE INDEX event_client ON event (client_id, id) WHERE client_id IS NOT NULL;

    CREATE TABLE feed (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      public_id TEXT NOT NULL UNIQUE COLLATE BINARY,
      client_id TEXT NOT NULL COLLATE BINARY,
      name TEXT NOT NULL,
      settings TEXT NOT NULL,  -- JSON
      origins TEXT NOT NULL,  -- one a line
      revision INTEGER NOT NULL,  -- grows with each change: what was made of an older one is not served
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX feed_client ON feed (client_id, id);
    """,
  ]
}
