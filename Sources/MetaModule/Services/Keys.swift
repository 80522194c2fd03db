internal import Cryptography
internal import Store
internal import Text

/// API keys: `mm_` and 32 random bytes in base64url. Stored is only the SHA-256 of the whole text.
struct Keys {
  let services: Services

  /// So many clients may one key be bound to.
  static let mostClients = 100

  /// - Returns: the key, which can be read here and never again, and its row.
  func make(label: String, grant: Grant) throws -> (key: Secret, row: StoredKey) {
    let key: String
    do { key = "mm_" + Base64URL.encode(try SecureRandom.bytes(32), padded: false) } catch {
      throw Refusal.noRandomness("for a key")
    }
    let row = try services.store().insertKey(
      label: label, scope: grant.scope, clients: grant.clients, prefix: String(key.prefix(9)),
      hash: SHA256.digest(Array(key.utf8)), event: services.event("apikey.create"))
    return (Secret(key), row)
  }

  /// - Returns: whether there was one in force.
  func revoke(_ id: Int64) throws -> Bool {
    try services.store().revokeKey(id, event: services.event("apikey.revoke"))
  }
}
