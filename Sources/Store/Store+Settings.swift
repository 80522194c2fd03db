package import SQL
package import Text

extension Store {
  /// The value under this name, such as the key ring's fingerprints.
  package func setting(_ name: String) throws(StoreError) -> String? {
    try read { (connection) throws(SQLError) in try connection.setting(name) }
  }

  /// The fingerprints of the keys that anything is sealed with, separated by spaces.
  package static let fingerprintSetting = "key_fingerprints"
  /// Those of a ring that the operator goes on with although it opens nothing.
  package static let acceptedSetting = "accepted_key_fingerprints"

  /// Keeps a value under this name; `nil` removes it.
  package func setSetting(
    _ name: String, to value: String?, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) {
    try write { (connection) throws(SQLError) in
      try connection.setSetting(name, to: value)
      try connection.append(event, subject: "setting \(name)", result: "updated", now: now)
    }
  }

  /// Keeps a value under this name, unless there is one already; returns what stands there. Of any number of
  /// processes that start at once, all get the same answer.
  package func setting(_ name: String, orSet value: String) throws(StoreError) -> String {
    if let present = try setting(name) { return present }
    return try write { (connection) throws(SQLError) in
      try connection.run(
        "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        [.text(name), .text(value)])
      return try connection.first("SELECT value FROM setting WHERE name = $1", [.text(name)]) {
        (row) throws(SQLError) in try row.text(0)
      } ?? value
    }
  }
}

extension Connection {
  package func setting(_ name: String) throws(SQLError) -> String? {
    try first("SELECT value FROM setting WHERE name = $1", [.text(name)]) { (row) throws(SQLError) in
      try row.text(0)
    }
  }

  package func setSetting(_ name: String, to value: String?) throws(SQLError) {
    if let value {
      try run(
        "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
        [.text(name), .text(value)])
    } else {
      try run("DELETE FROM setting WHERE name = $1", [.text(name)])
    }
  }
}
