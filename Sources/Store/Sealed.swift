internal import SQL
package import Text

/// What becomes of one sealed text in a rotation.
package enum Resealing: Sendable, Equatable {
  /// It stays as it is, as where no key opens it.
  case keep
  case replace(String)
  /// Nothing at all is changed, neither this one nor those before it.
  case abandon
}

private enum Sealed {
  static let any: Statement<Int64> =
    "SELECT 1 FROM meta_access_token UNION ALL SELECT 1 FROM client_page_mapping LIMIT 1"
  static let tokens: Statement<Never> = "SELECT id, access_token FROM meta_access_token ORDER BY id"
  static let pageTokens: Statement<Never> =
    "SELECT id, page_access_token FROM client_page_mapping ORDER BY id"
  static let tokensAfter: Statement<SealedText> =
    "SELECT id, access_token FROM meta_access_token WHERE id > $1 ORDER BY id LIMIT $2"
  static let pageTokensAfter: Statement<SealedText> =
    "SELECT id, page_access_token FROM client_page_mapping WHERE id > $1 ORDER BY id LIMIT $2"
  static let count: Statement<Int64> =
    "SELECT (SELECT count(*) FROM meta_access_token) + (SELECT count(*) FROM client_page_mapping)"
  static let replaceToken: Statement<Never> = "UPDATE meta_access_token SET access_token = $2 WHERE id = $1"
  static let replacePageToken: Statement<Never> =
    "UPDATE client_page_mapping SET page_access_token = $2 WHERE id = $1"
}

private struct SealedText: Readable {
  let id: Int64
  let text: String

  init(reading row: borrowing Row) throws(SQLError) { (id, text) = (try row.integer(0), try row.text(1)) }
}

extension Store {
  /// Hands every sealed text to `body`, tokens first, all of one moment. For checks that everything still
  /// opens.
  package func forEachSealed(_ body: (String) -> Void) throws(StoreError) {
    // Each is opened meanwhile: 20,000 take longer than a server is waited for.
    try longSnapshot { (connection) throws(SQLError) in
      _ = try connection.forEachSealed { (_, sealed) in
        body(sealed)
        return true
      }
    }
  }

  /// Whether anything is sealed.
  package func hasSealed() throws(StoreError) -> Bool { try first(Sealed.any()) != nil }

  /// Whether any sealed text is as `condition` says; looks no further than to the first one.
  package func hasSealed(where condition: (String) -> Bool) throws(StoreError) -> Bool {
    try snapshot { (connection) throws(SQLError) in
      try !connection.forEachSealed { (_, sealed) in !condition(sealed) }
    }
  }

  /// Replaces every sealed text by what `transform` makes of it, in one transaction. Either all of it happens or
  /// nothing. Returns how many were replaced, `nil` where `transform` abandoned it.
  ///
  /// `transform` may be called for all rows anew when another process was in the way. `progress` gets the
  /// number of texts done and of all. 10,000 rows take about a second.
  package func replaceAllSealed(
    event: Event? = nil, now: Timestamp = .now,
    progress: (_ done: Int, _ all: Int) -> Void = { _, _ in },
    _ transform: (String) -> Resealing
  ) throws(StoreError) -> Int? {
    if isShared { return try replaceInBatches(event, now, progress, transform) }
    return try write { (connection) throws(SQLError) in
      var all = 0
      var replacements: [Query<Never>] = []
      // Gathered first: a table that is changed while it is read may show a row twice.
      let isComplete = try connection.forEachSealed { (replace, sealed) in
        all += 1
        switch transform(sealed) {
        case .keep: return true
        case .replace(let new): replacements.append(replace(new))
        case .abandon: return false
        }
        return true
      }
      guard isComplete else { return nil }
      let kept = all - replacements.count
      for (index, replacement) in replacements.enumerated() {
        try connection.run(replacement)
        if (index + 1) % 100 == 0 { progress(kept + index + 1, all) }
      }
      try connection.append(event, subject: "keys", result: "rotated", now: now)
      progress(all, all)
      return replacements.count
    }
  }

  /// On a server nobody else could write for as long as that takes, so it is done in many transactions, by one machine at
  /// a time. What was sealed anew stays so when the rest does not come about: both keys open it.
  private func replaceInBatches(
    _ event: Event?, _ now: Timestamp, _ progress: (_ done: Int, _ all: Int) -> Void,
    _ transform: (String) -> Resealing
  ) throws(StoreError) -> Int? {
    guard let lease = try takeLease("sealing anew") else { throw .busy }
    defer { release(lease) }
    let all = Int(clamping: try first(Sealed.count()) ?? 0)
    var (seen, replaced) = (0, 0)
    for (list, replace) in [
      (Sealed.tokensAfter, Sealed.replaceToken), (Sealed.pageTokensAfter, Sealed.replacePageToken),
    ] {
      var last: Int64 = 0
      while true {
        guard try renew(lease) else { throw .busy }
        let batch = try write { (connection) throws(SQLError) -> (rows: [SealedText], replaced: Int)? in
          let rows = try connection.all(list(last, 100))
          var replaced = 0
          for row in rows {
            switch transform(row.text) {
            case .keep: continue
            case .replace(let new): replaced += try connection.run(replace(row.id, new))
            case .abandon: return nil
            }
          }
          return (rows, replaced)
        }
        guard let batch else { return nil }
        guard let end = batch.rows.last else { break }
        last = end.id
        seen += batch.rows.count
        replaced += batch.replaced
        progress(min(seen, all), all)
      }
    }
    try write { (connection) throws(SQLError) in
      try connection.append(event, subject: "keys", result: "rotated", now: now)
      // Whoever remembers a mapping remembers what was sealed with the old key.
      if replaced > 0 { connection.invalidate() }
    }
    return replaced
  }
}

extension Connection {
  /// Whether all were visited: `body` ends it by answering `false`. It is also told how to replace what it sees.
  fileprivate func forEachSealed(
    _ body: (_ replace: (String) -> Query<Never>, _ sealed: String) -> Bool
  ) throws(SQLError) -> Bool {
    for (list, replace) in [
      (Sealed.tokens, Sealed.replaceToken), (Sealed.pageTokens, Sealed.replacePageToken),
    ] {
      let isComplete = try forEach(list()) { (row) throws(SQLError) in
        let id = try row.integer(0)
        return body({ replace(id, $0) }, try row.text(1))
      }
      guard isComplete else { return false }
    }
    return true
  }
}
