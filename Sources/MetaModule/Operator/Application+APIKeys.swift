internal import Cryptography
package import Store
package import Text

/// A new API key and its row. Only here, and only once, can the key itself be read.
package struct CreatedAPIKey: Sendable {
  /// `mm_` and 43 characters; shown to the operator and kept nowhere.
  package let key: Secret
  package let row: StoredKey
}

extension Application {
  /// Makes an API key: `mm_` and 32 random bytes in base64url. Stored is only the SHA-256 of the whole text.
  ///
  /// - Parameter label: 1–255 characters, the operator's own name for it.
  package func createAPIKey(label: String, scope: KeyScope) throws(OperationError) -> CreatedAPIKey {
    let label = FieldRule.trimmed(label)
    if let problem = FieldRule.accountLabel.problems(with: label).first {
      throw .refused("The label cannot be used. \(problem)")
    }
    let key: String
    do { key = "mm_" + Base64URL.encode(try SecureRandom.bytes(32), padded: false) } catch {
      throw .trouble("The operating system gave no random bytes for a key: try again.")
    }
    let row = try operation {
      try store().insertKey(
        label: label, scope: scope, prefix: String(key.prefix(9)), hash: SHA256.digest(Array(key.utf8)),
        event: operatorEvent("apikey.create"))
    }
    return CreatedAPIKey(key: Secret(key), row: row)
  }

  /// Every key, revoked ones too, in the order of their ids.
  package func apiKeys() throws(OperationError) -> [StoredKey] {
    try operation {
      var rows: [StoredKey] = []
      while true {
        let page = try store().keys(after: rows.last?.id ?? 0, limit: 500)
        rows += page
        if page.count < 500 { return rows }
      }
    }
  }

  /// Revokes a key: the next request with it is refused.
  ///
  /// - Returns: What is left: when it is nothing, nobody is served.
  package func revokeAPIKey(_ id: Int64) throws(OperationError) -> Credentials {
    try operation {
      guard try store().revokeKey(id, event: operatorEvent("apikey.revoke")) else {
        throw OperationError.refused("There is no API key \(id) in force. Nothing was changed.")
      }
      return try store().credentials()
    }
  }
}
