internal import Cryptography
internal import Store
internal import Text

/// SQLite, the database, and whether its keys are there.
extension Doctor {
  func sqlite() -> Finding {
    let version = "SQLite \(Store.sqliteVersion)"
    guard Store.needsWriteLock else { return .ok("sqlite", version) }
    return .ok(
      "sqlite",
      "\(version). Versions before 3.51.3 can damage a write-ahead log that two connections use at the same moment "
        + "(the WAL-reset bug); with them every write is made under a lock of our own, so nothing is to be done."
    )
  }

  /// Why it cannot be used, and what to do: the sentence of the error has both.
  func databaseTrouble(_ error: any Error) -> Finding {
    if case .unreachable(let address, let reason)? = error as? StoreError {
      return .trouble(
        "database", "PostgreSQL cannot be reached at \(address): \(reason).",
        "Look whether it runs, whether this machine, the role and the database are known there (pg_hba.conf, its log; psql "
          + "with the same address says the same), and whether one of the hosts takes writes: a standby does not, nor "
          + "does a server with default_transaction_read_only. PgBouncer must not pool statements. No restart is needed."
      )
    }
    let (detail, remedy) = Self.split(OperationError(error).description)
    return .trouble("database", detail, remedy)
  }

  func integrity(_ store: Store) -> Finding {
    do {
      let problems = try store.integrityProblems()
      if let first = problems.first {
        return .trouble(
          "database",
          "\(configuration.databasePath) is damaged; SQLite says: \(first)"
            + (problems.count > 1 ? ", and \(problems.count - 1) more." : "."),
          "Stop the program, keep a copy of the file, and restore a backup: metactl restore FILE")
      }
      if let facts = try store.serverFacts() {
        return .ok(
          "database", "\(configuration.databasePlace), schema \(try store.schemaVersion()), \(facts).")
      }
      return .ok(
        "database",
        "\(configuration.databasePath), schema \(try store.schemaVersion()), journal \(try store.journalMode()), whole."
      )
    } catch { return databaseTrouble(error) }
  }

  func keys(_ application: Application, _ store: Store) -> Finding {
    do {
      let ring: KeyRing
      do throws(KeyRingError) { ring = try application.rooms.keyRingFile.ring(mayCreate: false) } catch {
        if case .missing = error, try !store.hasSealed() {
          return .ok("key", "There is none yet; the first start makes \(configuration.keyFilePath).")
        }
        let (detail, remedy) = Self.split(error.sentence)
        return .trouble("key", detail, remedy)
      }
      let survey = try Survey(store, ring)
      if survey.unreadable > 0 {
        return .trouble(
          "key",
          "The key ring is not the one of this database: \(survey.unreadable) of \(survey.all) stored tokens cannot be "
            + "opened.",
          "Put the right key back, as a further line of \(configuration.keyFilePath) or in META_FERNET_KEYS. "
            + "If it is lost for good: metactl key accept, and connect those accounts anew.")
      }
      if survey.older > 0 {
        return .warning(
          "key",
          "\(survey.older) of \(survey.all) stored tokens need an old key: a rotation was not finished.",
          configuration.fernetKeys == nil
            ? "metactl key rotate finishes it." : "metactl key reseal finishes it.")
      }
      return .ok("key", "It opens all \(survey.all) stored tokens.")
    } catch { return databaseTrouble(error) }
  }

  /// The first sentence is what is the matter; what follows is what to do.
  static func split(_ text: String) -> (detail: String, remedy: String) {
    for separator in [". ", ": "] {
      var place = text.startIndex
      while place < text.endIndex {
        if text[place...].hasPrefix(separator) {
          let remedy = text[text.index(place, offsetBy: 2)...]
          let isSentence = remedy.contains(" ")
          if isSentence { return (text[..<place] + ".", String(remedy)) }
        }
        place = text.index(after: place)
      }
    }
    return (text, "The log of the program says more.")
  }
}
