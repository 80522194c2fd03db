internal import SQL
package import Text

private enum Settings {
  static let byName: Statement<String> = "SELECT value FROM setting WHERE name = $1"
  static let set: Statement<Never> = """
    INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
    """
  static let keep: Statement<Never> = """
    INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING
    """
  static let delete: Statement<Never> = "DELETE FROM setting WHERE name = $1"
}

extension Store {
  /// The fingerprints of the keys that anything is sealed with, separated by spaces.
  package static let fingerprintSetting = "key_fingerprints"
  /// Those of a ring that the operator goes on with although it opens nothing.
  package static let acceptedSetting = "accepted_key_fingerprints"

  /// Seals the addresses of pictures. Not encrypted with the Fernet keys, unlike tokens: it opens nothing that is secret, and
  /// the pictures on clients' sites must outlive a key that was rotated or lost.
  package static let pictureSecretSetting = "picture_secret"

  package func setting(_ name: String) throws(StoreError) -> String? { try first(Settings.byName(name)) }

  /// Keeps a value under this name; `nil` removes it.
  package func setSetting(
    _ name: String, to value: String?, event: Event? = nil, now: Timestamp = .now
  ) throws(StoreError) {
    try write { (connection) throws(SQLError) in
      try connection.setSetting(name, to: value)
      try connection.append(event, subject: "setting \(name)", result: "updated", now: now)
    }
  }

  /// The value under this name; the given one, where there is none yet. Of any number of processes that begin at once, all
  /// get the same.
  package func setting(_ name: String, orKeep value: String) throws(StoreError) -> String {
    try write { (connection) throws(SQLError) in
      try connection.run(Settings.keep(name, value))
      return try connection.setting(name) ?? value
    }
  }
}

extension Connection {
  func setting(_ name: String) throws(SQLError) -> String? { try first(Settings.byName(name)) }

  func setSetting(_ name: String, to value: String?) throws(SQLError) {
    if let value { try run(Settings.set(name, value)) } else { try run(Settings.delete(name)) }
  }
}
