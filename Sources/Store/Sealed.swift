internal import SQL
package import Text

/// What becomes of one sealed text in a rotation.
package enum Resealing: Sendable, Equatable {
  /// It stays as it is, as where no key opens it.
  case keep
  case replace(String)
  /// It is over. In a file nothing at all is changed, on a server nothing of this batch.
  case abandon
}

private enum Sealed {
  static let any: Statement<Int64> =
    "SELECT 1 FROM meta_access_token UNION ALL SELECT 1 FROM client_page_mapping LIMIT 1"
  static let count: Statement<Int64> =
    "SELECT (SELECT count(*) FROM meta_access_token) + (SELECT count(*) FROM client_page_mapping)"
  /// Tokens first. In pieces: of a server's answer all is in memory before its first row is read.
  static let kinds: [(after: Statement<SealedText>, replace: Statement<Never>)] = [
    (
      "SELECT id, access_token FROM meta_access_token WHERE id > $1 ORDER BY id LIMIT 100",
      "UPDATE meta_access_token SET access_token = $2 WHERE id = $1"
    ),
    (
      "SELECT id, page_access_token FROM client_page_mapping WHERE id > $1 ORDER BY id LIMIT 100",
      "UPDATE client_page_mapping SET page_access_token = $2 WHERE id = $1"
    ),
  ]
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

  /// Replaces every sealed text by what `transform` makes of it, in a file in one transaction: either all of it happens or
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
    func isComplete() throws(StoreError) -> Bool {
      for kind in Sealed.kinds {
        var last: Int64? = 0
        while let after = last {
          guard try renew(lease) else { throw .busy }
          let batch = try write { (connection) throws(SQLError) -> (rows: [SealedText], replaced: Int)? in
            let rows = try connection.all(kind.after(after))
            var replaced = 0
            for row in rows {
              switch transform(row.text) {
              case .keep: continue
              case .replace(let new): replaced += try connection.run(kind.replace(row.id, new))
              case .abandon: return nil
              }
            }
            return (rows, replaced)
          }
          guard let batch else { return false }
          last = batch.rows.last?.id
          seen += batch.rows.count
          replaced += batch.replaced
          progress(min(seen, all), all)
        }
      }
      return true
    }
    let outcome = Result { () throws(StoreError) in try isComplete() }
    try write { (connection) throws(SQLError) in
      if case .success(true) = outcome {
        try connection.append(event, subject: "keys", result: "rotated", now: now)
      }
      // Whoever remembers a mapping remembers what was sealed with the old key; also when the rest did not come about,
      // now or in a run before this one.
      connection.invalidate()
    }
    return try outcome.get() ? replaced : nil
  }
}

extension Connection {
  /// Whether all were visited: `body` ends it by answering `false`. It is also told how to replace what it sees.
  fileprivate func forEachSealed(
    _ body: (_ replace: (String) -> Query<Never>, _ sealed: String) -> Bool
  ) throws(SQLError) -> Bool {
    for kind in Sealed.kinds {
      var rows = try all(kind.after(0))
      while let last = rows.last {
        for row in rows where !body({ kind.replace(row.id, $0) }, row.text) { return false }
        rows = try all(kind.after(last.id))
      }
    }
    return true
  }
}
