internal import Cryptography
internal import Glibc
internal import Graph
internal import Store
internal import System
internal import Text

extension Application {
  /// What an operator should know today, in a few lines: database, key, every token with something wrong, Graph.
  /// Asks nobody, so it takes milliseconds; `doctor` looks closer.
  ///
  /// - Parameter warnDays: a token that ends within so many days is a warning.
  package func status(warnDays: Int = 10) -> [Finding] {
    var findings: [Finding] = []
    do {
      try store().checkHealth()
      findings.append(
        shared.server == nil && StorageProbe.look(in: configuration.dataDirectory) == .full
          ? .trouble(
            "database", "The disk of \(configuration.dataDirectory) is full: nothing new can be stored.",
            "Free some; metactl cache clear gives back what the cache takes.")
          : .ok("database", configuration.databasePlace))
    } catch {
      return [.trouble("database", OperationError(error).description, "metactl doctor looks closer.")]
    }
    func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
    do {
      let ring = try keyRing()
      findings.append(
        .ok(
          "key",
          "The key ring has \(ring.fingerprints.count) \(ring.fingerprints.count == 1 ? "key" : "keys")."))
    } catch  where !exists(configuration.keyFilePath) && (try? store().hasSealed()) == false {
      findings.append(.ok("key", KeyRingError.none(configuration.keyFilePath).sentence))
    } catch {
      findings.trouble("key", OperationError(error).description, "metactl doctor looks closer.")
    }
    do { findings += try TokenFindings(services: services, warnDays: warnDays).findings() } catch {
      findings.trouble("tokens", OperationError(error).description, "metactl doctor looks closer.")
    }
    if rooms.graphBreaker.isOpen {
      findings.warning(
        "graph", "Graph has failed again and again: it is asked once a second until it answers.",
        "metactl doctor tries it now and says why.")
    } else if let last = rooms.graphHealth.last() {
      findings.append(
        last.outcome == .answered
          ? .ok("graph", "Graph answered last at \(last.at).")
          : .warning(
            "graph", "The last call to Graph failed, at \(last.at).",
            "metactl doctor tries it now and says why."))
    }
    findings += appFindings()
    return findings
  }

  /// What Graph said of our app and of the version when it was asked last.
  private func appFindings() -> [Finding] {
    var findings: [Finding] = []
    if let trouble = rooms.graphHealth.trouble(.now) {
      findings.trouble(
        "app", "app_refused: Graph refuses this installation; no token is at fault.", trouble.sentence)
    }
    if let other = rooms.graphHealth.otherVersion(.now) {
      findings.append(.version(configuration.graphVersion, isAnsweredBy: other, "version"))
    }
    return findings
  }
}
