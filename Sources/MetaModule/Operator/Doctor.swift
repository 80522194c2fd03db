internal import Store

/// `metactl doctor`: every precondition of this program, and for what is not as it should be, what to do.
///
/// Looks at files before it opens them, makes nothing, and changes nothing, but that an older database is brought up to
/// date as by every start. One run takes a second; with a database of a million rows, which it reads whole, some more.
package struct Doctor {
  let configuration: Configuration
  /// Whether SQLite's WAL works where this folder is: no, on file systems that machines share.
  let carriesWAL: (String) -> Bool

  /// A doctor for the installation with these settings.
  package init(_ configuration: Configuration) {
    self.init(configuration) { DatabaseFile(folder: $0).carriesWAL }
  }

  /// For tests, which cannot mount a network file system.
  init(_ configuration: Configuration, carriesWAL: @escaping (String) -> Bool) {
    self.configuration = configuration
    self.carriesWAL = carriesWAL
  }

  /// Looks at everything, in an order in which the first trouble explains those behind it.
  package func findings() -> [Finding] {
    var findings = [configurationFile(), dataFolder()]
    findings += configuration.warnings.map { .warning("settings", $0, "Correct the name, or take it out.") }
    findings += [changeableSettings()].compactMap(\.self) + unreadSettings() + links()
    findings += [webRoot()].compactMap(\.self) + limits() + files() + kindsOfFiles() + immutableFiles()
    findings += configuration.databaseURL == nil ? [fileSystem(), space(), sqlite()] : [space()]
    // An application makes what is missing; a doctor only looks.
    let application =
      configuration.databaseURL != nil || exists(configuration.databasePath)
      ? Application(configuration: configuration, making: .nothing) : nil
    if let application {
      findings += database(application)
    } else if isFolder(configuration.dataDirectory) || findings.worst != .trouble {
      findings.append(
        .ok("database", "There is none yet; the first start makes \(configuration.databasePath)."))
    }
    let graph = Graph(configuration)
    findings += [
      cachePlace(), cache(), pictures(), libcurl(), graph.finding, clock(graph, application),
      app(isReachable: graph.finding.level != .trouble),
    ].compactMap(\.self)
    if let application { findings += tokens(application) }
    return findings
  }

  private func database(_ application: Application) -> [Finding] {
    let store: Store
    do { store = try application.store() } catch {
      return [error == .busy ? locked() : databaseTrouble(error)]
    }
    return [integrity(store), write(store), keys(application, store), credentials(store)].compactMap(\.self)
  }

  private func credentials(_ store: Store) -> Finding {
    do {
      let found = try store.credentials()
      guard found.areInForce || !found.haveExisted else {
        return .warning(
          "access", "Every credential was revoked or removed: nobody is served.",
          "Make one: metactl admin set-password, metactl apikey create.")
      }
      guard found.areInForce else {
        return .ok(
          "access",
          "No password and no API key yet: only requests from this machine itself are served. On a public host, run "
            + "metactl admin set-password and metactl apikey create.")
      }
      let keys = "\(found.keysInForce) API \(found.keysInForce == 1 ? "key" : "keys")"
      return .ok("access", "\(keys) in force, \(found.hasPassword ? "an" : "no") admin password.")
    } catch { return databaseTrouble(error) }
  }

  private func tokens(_ application: Application) -> [Finding] {
    do {
      var findings = try TokenFindings(services: application.services, warnDays: 10).findings()
      for token in try application.store().tokens(limit: .max) where token.status == .active {
        for scope in token.missingScopes ?? [] {
          findings.warning(
            "scopes",
            "Token \(token.id) (\(token.accountLabel)) lacks \(scope): \(StoredToken.consequence(ofLacking: scope)).",
            "Let its owner grant it in the login dialog, then: metactl token replace \(token.id)")
        }
      }
      return findings
    } catch {
      // Said already by the check of the database or of the key.
      return []
    }
  }
}
