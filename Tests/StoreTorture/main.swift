// Does to a store what a worker process does, so that the tests can kill, starve and crowd real processes.
//
//   store-torture open FOLDER            opens and closes
//   store-torture sync FOLDER COUNT      syncs one client and Page COUNT times; prints how many were created
//   store-torture write FOLDER NAME      stores mappings for ever; prints each acknowledged client id
//   store-torture rotate FOLDER          reseals everything for ever; prints each completed round
//   store-torture full FOLDER BYTES      writes until no file may grow beyond BYTES, then lifts the limit
//   store-torture as-nobody FOLDER       opens, reads and writes without privileges
//   store-torture cut-index FOLDER       cuts the WAL index under its own feet, then reads and writes
//   store-torture hold FOLDER            holds the write lock until it is killed
//
// A line `ready` on standard output and a line on standard input start the work, so that many begin at once.

import Glibc
import Store

func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  // One write for one line, and no buffer: what was acknowledged must be out before the process is killed.
  guard write(1, bytes, bytes.count) == bytes.count else { exit(3) }
}

func waitForStart() {
  say("ready")
  _ = readLine()
}

func mapping(_ client: String, sealed: String = "page-sealed") -> NewMapping {
  NewMapping(clientID: client, pageID: "100", instagramAccountID: "178", sealedPageToken: sealed, tokenID: 1)
}

/// On a busy machine the lock may not come within the time that a request has.
func patiently<Result>(_ body: () throws(StoreError) -> Result) throws(StoreError) -> Result {
  while true {
    do throws(StoreError) {
      return try body()
    } catch {
      guard case .busy = error else { throw error }
    }
  }
}

func setFileSizeLimit(_ bytes: rlim_t) {
  var limit = rlimit(rlim_cur: bytes, rlim_max: .max)
  setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
}

func run(_ command: String, _ folder: String, _ argument: String) throws(StoreError) {
  switch command {
  case "open":
    waitForStart()
    _ = try Store(folder: folder)
    say("opened")
  case "sync":
    let store = try Store(folder: folder)
    waitForStart()
    var created = 0
    for _ in 0..<(Int(argument) ?? 1) {
      let outcome = try patiently { () throws(StoreError) in try store.saveMapping(mapping("client_same")) }
      if case .created = outcome { created += 1 }
    }
    say("\(created)")
  case "write":
    let store = try Store(folder: folder)
    waitForStart()
    var number = 0
    while true {
      let client = "\(argument)-\(number)"
      // Long enough for a row to fill a quarter of a page: half rows would show.
      let row = mapping(client, sealed: client + String(repeating: "x", count: 1000))
      _ = try patiently { () throws(StoreError) in try store.saveMapping(row) }
      say(client)
      number += 1
    }
  case "rotate":
    let store = try Store(folder: folder)
    waitForStart()
    var round = 0
    while true {
      round += 1
      let suffix = "#\(round)"
      _ = try store.replaceAllSealed { sealed in
        .replace(String(sealed.prefix { $0 != "#" }) + suffix)
      }
      say("\(round)")
    }
  case "full":
    signal(SIGXFSZ, SIG_IGN)
    let store = try Store(folder: folder)
    setFileSizeLimit(rlim_t(argument) ?? 0)
    var number = 0
    do throws(StoreError) {
      while number < 100_000 {
        _ = try store.saveMapping(mapping("client_\(number)", sealed: String(repeating: "x", count: 1000)))
        say("client_\(number)")
        number += 1
      }
    } catch { say("error: \(error)") }
    do throws(StoreError) {
      _ = try store.saveMapping(mapping("too-much", sealed: String(repeating: "x", count: 100_000)))
      say("too much was accepted")
    } catch { say("error: \(error)") }
    say("reads: \(try store.mappings(limit: 1).count)")
    setFileSizeLimit(.max)
    _ = try store.saveMapping(mapping("afterwards"))
    say("afterwards")
  case "as-nobody":
    guard setgid(65534) == 0, setuid(65534) == 0 else { exit(4) }
    do throws(StoreError) {
      let store = try Store(folder: folder)
      say("opened")
      say("reads: \(try store.mappings(limit: 10).count)")
      _ = try store.saveMapping(mapping("nobody"))
      say("written")
    } catch {
      say("error: \(error)")
      say(error.sentence)
    }
  case "cut-index":
    let store = try Store(folder: folder)
    _ = try store.changeCounter()
    guard truncate(folder + "/meta.sqlite3-shm", 0) == 0 else { exit(6) }
    say("cut")
    for attempt in 0..<3 {
      do throws(StoreError) {
        switch attempt {
        case 0: _ = try store.changeCounter()
        case 1: _ = try store.saveToken(NewToken(accountLabel: "Lost", sealedToken: "s"))
        default: try store.checkHealth()
        }
        say("done")
      } catch { say("refused: \(error)") }
    }
  case "hold":
    let lock = open(folder + "/meta.sqlite3.lock", O_RDWR | O_CREAT, 0o600)
    guard lock >= 0, flock(lock, LOCK_EX) == 0 else { exit(5) }
    say("ready")
    while true { pause() }
  default:
    exit(2)
  }
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else { exit(2) }
do throws(StoreError) {
  try run(arguments[1], arguments[2], arguments.count > 3 ? arguments[3] : "")
} catch {
  say("error: \(error)")
  exit(1)
}
