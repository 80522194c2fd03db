package import Store
package import Text

extension Application {
  /// Makes an API key.
  ///
  /// - Parameters:
  ///   - label: 1–255 characters, the operator's own name for it.
  ///   - clients: those that it is bound to; none: every one.
  /// - Returns: the key itself, too, `mm_` and 43 characters, which can be read only here and only once.
  package func createAPIKey(
    label: String, scope: KeyScope, clients: [String] = []
  ) throws(OperationError) -> (key: Secret, row: StoredKey) {
    let label = FieldRule.trimmed(label)
    if let problem = FieldRule.accountLabel.problems(with: label).first {
      throw .refused("The label cannot be used. \(problem)")
    }
    for client in clients {
      guard let problem = FieldRule.clientID.problems(with: client).first else { continue }
      throw .refused("A key cannot be bound to that client. \(problem)")
    }
    guard clients.count <= Keys.mostClients else {
      throw .refused("A key can be bound to \(Keys.mostClients) clients at most.")
    }
    guard clients.isEmpty || scope != .metrics else {
      throw .refused("A key of scope metrics is bound to no client.")
    }
    return try operation {
      try services.keys.make(
        label: label,
        grant: Grant(scope: scope, clients: clients.isEmpty ? nil : clients.withoutRepetitions))
    }
  }

  /// Every key, revoked ones too, in the order of their ids.
  package func apiKeys() throws(OperationError) -> [StoredKey] {
    try operation { try store().keys(limit: .max) }
  }

  /// Revokes a key: the next request with it is refused.
  ///
  /// - Returns: What is left: when it is nothing, nobody is served.
  package func revokeAPIKey(_ id: Int64) throws(OperationError) -> Credentials {
    try operation {
      guard try services.keys.revoke(id) else {
        throw OperationError.refused("There is no API key \(id) in force. Nothing was changed.")
      }
      return try store().credentials()
    }
  }
}
