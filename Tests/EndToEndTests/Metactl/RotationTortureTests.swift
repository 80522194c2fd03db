import Cryptography
import Foundation
import JSON
import MetaModule
import Store
import Testing

@Suite struct RotationTortureTests {
  /// How many stored texts these keys open, and how many there are.
  private func opened(_ store: Store, _ rings: [KeyRing]) throws -> (opened: Int, all: Int) {
    var (count, all) = (0, 0)
    try store.forEachSealed { sealed in
      all += 1
      if rings.contains(where: { (try? $0.open(sealed)) != nil }) { count += 1 }
    }
    return (count, all)
  }

  @Test func `killed at random points, every row decrypts with the ring at every moment`() throws {
    let rows = Torture.size("ROWS", quick: 1000)
    let kills = Torture.size("KILLS", quick: 5)
    let installation = try Installation()
    try installation.store((0..<rows).map { ("row \($0)", "token \($0)", nil, nil) })

    // Unharmed, and watched: what is read opens with the ring that was there before or after the reading.
    let start = ContinuousClock.now
    let whole = installation.command(["key", "rotate", "--grace", "1"])
    try whole.run()
    let store = try Store(folder: installation.data)
    var looks = 0
    while whole.isRunning {
      let before = try installation.ring()
      let snapshot = try Texts(store)
      let after = try installation.ring()
      #expect(snapshot.count(openedBy: [before, after]) == rows)
      looks += 1
    }
    whole.waitUntilExit()
    #expect(whole.terminationStatus == 0)
    let seconds = Double((ContinuousClock.now - start).components.seconds) - 1
    Torture.report("\(rows) rows rotated while \(looks) looks at all of them found every one open")

    var cutOff = 0
    for number in 1...kills {
      let process = installation.command(["key", "rotate", "--grace", "0"])
      if try Torture.kill(process, after: Double.random(in: 0...max(0.5, seconds))) { cutOff += 1 }
      let ring = try installation.ring()
      let found = try opened(Store(folder: installation.data), [ring])
      #expect(found.opened == rows && found.all == rows, "after kill \(number): \(found)")
    }
    let last = try installation.metactl("key", "rotate", "--grace", "0", "--json")
    #expect(last.status == 0, "\(last.text)")
    #expect(last.json["removed_keys"]?.int64 == 0)
    #expect(try installation.metactl("key", "prune", "--grace", "0").status == 0)
    #expect(try installation.ring().fingerprints.count == 1)
    let found = try opened(Store(folder: installation.data), [installation.ring()])
    #expect(found.opened == rows && found.all == rows)
    for (label, token) in try installation.plainTokens() {
      #expect(token == "token " + label.dropFirst("row ".count))
    }
    Torture.report(
      "\(kills) kills -9, \(cutOff) of them in the middle; \(found.opened) of \(rows) rows open; 0 lost")
  }

  /// Random points hit the long transaction; the short moments around it are hit on purpose.
  @Test(.enabled(if: Installation.run("strace", "-o", "/dev/null", "true")))
  func `killed at each system call that changes a file, every row decrypts`() throws {
    let rows = 30
    let installation = try Installation()
    try installation.store((0..<rows).map { ("row \($0)", "token \($0)", nil, nil) })
    var killed = 0
    for (call, step) in [
      ("rename", 1), ("fsync", 1), ("fdatasync", 1), ("ftruncate", 1),
      ("pwrite64", Torture.size("STEP", quick: 9)),
    ] {
      for number in stride(from: 1, through: 2000, by: step) {
        let inject = "inject=\(call):signal=SIGKILL:when=\(number)"
        let outcome = try installation.metactl(
          "key", "rotate", "--grace", "0",
          prefix: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", inject])
        let found = try opened(Store(folder: installation.data), [installation.ring()])
        #expect(found.opened == rows && found.all == rows, "\(call) \(number): \(found)")
        if outcome.status == 0 { break }
        killed += 1
      }
    }
    #expect(killed >= 6)
    #expect(try installation.metactl("key", "prune", "--grace", "0").status == 0)
    #expect(try installation.ring().fingerprints.count == 1)
    Torture.report("killed at \(killed) system calls in turn; every row opened after each")
  }

  /// All stored texts of one moment.
  private struct Texts {
    private var texts: [String] = []

    init(_ store: Store) throws {
      var texts: [String] = []
      try store.forEachSealed { sealed in texts.append(sealed) }
      self.texts = texts
    }

    func count(openedBy rings: [KeyRing]) -> Int {
      texts.count { text in rings.contains { (try? $0.open(text)) != nil } }
    }
  }
}
