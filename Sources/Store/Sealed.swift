internal import SQL
package import Text

/// Where a sealed text stands.
package enum SealedField: Sendable, Equatable {
  /// The token of a row of `meta_access_token`.
  case token(id: Int64)
  /// The page token of a row of `client_page_mapping`.
  case pageToken(mappingID: Int64)
}

/// What becomes of one sealed text in a rotation.
package enum Resealing: Sendable, Equatable {
  /// It stays as it is, as where no key opens it.
  case keep
  case replace(String)
  /// Nothing at all is changed, neither this one nor those before it.
  case abandon
}

/// How many texts a rotation replaced, and how many it kept.
package struct RotationReport: Sendable, Equatable {
  package internal(set) var replaced = 0
  package internal(set) var kept = 0
}

private enum Sealed {
  static let any: Statement<Int64> =
    "SELECT 1 FROM meta_access_token UNION ALL SELECT 1 FROM client_page_mapping LIMIT 1"
  static let count: Statement<Int64> =
    "SELECT (SELECT count(*) FROM meta_access_token) + (SELECT count(*) FROM client_page_mapping)"
  static let tokens: Statement<Never> = "SELECT id, access_token FROM meta_access_token ORDER BY id"
  static let pageTokens: Statement<Never> =
    "SELECT id, page_access_token FROM client_page_mapping ORDER BY id"
  static let replaceToken: Statement<Never> = "UPDATE meta_access_token SET access_token = $2 WHERE id = $1"
  static let replacePageToken: Statement<Never> =
    "UPDATE client_page_mapping SET page_access_token = $2 WHERE id = $1"
}

extension Store {
  /// Hands every sealed text to `body`, tokens first, all of one moment. For checks that everything still
  /// opens.
  package func forEachSealed(_ body: (SealedField, String) -> Void) throws(StoreError) {
    try snapshot { (connection) throws(SQLError) in
      _ = try connection.forEachSealed { (field, sealed) throws(SQLError) in
        body(field, sealed)
        return true
      }
    }
  }

  /// Whether anything is sealed.
  package func hasSealed() throws(StoreError) -> Bool { try first(Sealed.any()) != nil }

  /// Whether any sealed text is as `condition` says; looks no further than to the first one.
  package func hasSealed(where condition: (String) -> Bool) throws(StoreError) -> Bool {
    try snapshot { (connection) throws(SQLError) in
      try !connection.forEachSealed { (_, sealed) throws(SQLError) in !condition(sealed) }
    }
  }

  /// Replaces every sealed text by what `transform` makes of it, in one transaction. Either all of it happens or
  /// nothing.
  ///
  /// `transform` may be called for all rows anew when another process was in the way. `progress` gets the
  /// number of texts done and of all. Returns `nil` where `transform` abandoned it. 10,000 rows take about a
  /// second.
  package func replaceAllSealed(
    event: Event? = nil, now: Timestamp = .now,
    progress: (_ done: Int, _ all: Int) -> Void = { _, _ in },
    _ transform: (SealedField, String) -> Resealing
  ) throws(StoreError) -> RotationReport? {
    try write { (connection) throws(SQLError) in
      let all = Int(try connection.number(Sealed.count()))
      var report = RotationReport()
      var replacements: [Query<Never>] = []
      // Gathered first: a table that is changed while it is read may show a row twice.
      let isComplete = try connection.forEachSealed { (field, sealed) throws(SQLError) in
        switch (transform(field, sealed), field) {
        case (.keep, _): report.kept += 1
        case (.replace(let new), .token(let id)): replacements.append(Sealed.replaceToken(id, new))
        case (.replace(let new), .pageToken(let id)): replacements.append(Sealed.replacePageToken(id, new))
        case (.abandon, _): return false
        }
        return true
      }
      guard isComplete else { return nil }
      for replacement in replacements {
        try connection.run(replacement)
        report.replaced += 1
        if report.replaced % 100 == 0 { progress(report.kept + report.replaced, all) }
      }
      try connection.append(event, subject: "keys", result: "rotated", now: now)
      progress(report.kept + report.replaced, all)
      return report
    }
  }
}

extension Connection {
  /// Whether all were visited: `body` ends it by answering `false`.
  fileprivate func forEachSealed(
    _ body: (SealedField, String) throws(SQLError) -> Bool
  ) throws(SQLError) -> Bool {
    let tokens = try forEach(Sealed.tokens()) { (row) throws(SQLError) in
      try body(.token(id: try row.integer(0)), try row.text(1))
    }
    guard tokens else { return false }
    return try forEach(Sealed.pageTokens()) { (row) throws(SQLError) in
      try body(.pageToken(mappingID: try row.integer(0)), try row.text(1))
    }
  }
}
