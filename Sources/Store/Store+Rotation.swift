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
  /// This takes its place.
  case replace(String)
  /// Nothing at all is changed, neither this one nor those before it.
  case abandon
}

/// What a rotation did.
package struct RotationReport: Sendable, Equatable {
  /// Texts that were replaced.
  package internal(set) var replaced = 0
  /// Texts that stayed as they were.
  package internal(set) var kept = 0
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
  package func hasSealed() throws(StoreError) -> Bool {
    try read { (connection) throws(SQLError) in
      try connection.number(
        "SELECT EXISTS (SELECT 1 FROM meta_access_token) OR EXISTS (SELECT 1 FROM client_page_mapping)") != 0
    }
  }

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
      let all = try connection.number(
        "SELECT (SELECT count(*) FROM meta_access_token) + (SELECT count(*) FROM client_page_mapping)")
      var report = RotationReport()
      var replacements: [(SealedField, String)] = []
      // Gathered first: a table that is changed while it is read may show a row twice.
      let isComplete = try connection.forEachSealed { (field, sealed) throws(SQLError) in
        switch transform(field, sealed) {
        case .keep: report.kept += 1
        case .replace(let new): replacements.append((field, new))
        case .abandon: return false
        }
        return true
      }
      guard isComplete else { return nil }
      for (field, sealed) in replacements {
        try connection.replaceSealed(field, by: sealed)
        report.replaced += 1
        if report.replaced % 100 == 0 { progress(report.kept + report.replaced, Int(all)) }
      }
      try connection.append(event, subject: "keys", result: "rotated", now: now)
      progress(report.kept + report.replaced, Int(all))
      return report
    }
  }
}

extension Connection {
  /// Whether all were visited: `body` ends it by answering `false`.
  fileprivate func forEachSealed(
    _ body: (SealedField, String) throws(SQLError) -> Bool
  ) throws(SQLError) -> Bool {
    let tokens = try forEach("SELECT id, access_token FROM meta_access_token ORDER BY id") {
      (row) throws(SQLError) in try body(.token(id: try row.integer(0)), try row.text(1))
    }
    guard tokens else { return false }
    return try forEach("SELECT id, page_access_token FROM client_page_mapping ORDER BY id") {
      (row) throws(SQLError) in try body(.pageToken(mappingID: try row.integer(0)), try row.text(1))
    }
  }

  fileprivate func replaceSealed(_ field: SealedField, by sealed: String) throws(SQLError) {
    switch field {
    case .token(let id):
      try run("UPDATE meta_access_token SET access_token = $2 WHERE id = $1", [.integer(id), .text(sealed)])
    case .pageToken(let id):
      try run(
        "UPDATE client_page_mapping SET page_access_token = $2 WHERE id = $1", [.integer(id), .text(sealed)])
    }
  }
}
