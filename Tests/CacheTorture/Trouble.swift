import Cache
import Glibc
import Text

/// Stores a body under a limit on the size of files: writing stops half-way, as on a full disk.
func storeOnFullDisk(_ cache: FileCache, _ key: CacheKey, bytes: Int, limit: Int) throws(CacheError) {
  signal(SIGXFSZ, SIG_IGN)
  var limits = rlimit(rlim_cur: rlim_t(limit), rlim_max: rlim_t(limit))
  guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits) == 0 else {
    stop("cannot limit file sizes")
  }
  let body = [UInt8](repeating: 7, count: bytes)
  try cache.store(body, etag: "\"a\"", under: key, now: .now, freshFor: 300, staleFor: 86_400)
  say("stored")
}

/// Each operation once, in an order in which a whole day's worth of states comes by. Whatever fails (strace
/// lets any system call do so), what is read must be right, and what was removed must be gone.
func doEverything(_ cache: FileCache, _ key: CacheKey) {
  let now = Timestamp.now
  var expected: [UInt8]?
  func attempt(_ what: String, _ work: () throws(CacheError) -> Void) -> Bool {
    do throws(CacheError) {
      try work()
      return true
    } catch {
      say("\(what): \(error)")
      return false
    }
  }
  func check(_ what: String) {
    // A miss is always allowed here: reading may be what fails.
    if let entry = cache.read(key, now: now), entry.body != expected { stop("wrong body after \(what)") }
  }
  func store(_ body: [UInt8]) {
    let isStored = attempt("store") { () throws(CacheError) in
      try cache.store(body, etag: "\"a\"", under: key, now: now, freshFor: 300, staleFor: 300)
    }
    if isStored { expected = body }
    check("store")
  }
  check("nothing")
  if case .leader(let flight) = cache.beginFlight(key, now: now, waitAtMost: .zero) {
    do throws(CacheError) {
      if try flight.land([1], etag: "\"a\"", now: now, freshFor: 300, staleFor: 300) { expected = [1] }
    } catch {
      say("land: \(error)")
    }
    check("land")
  }
  store([UInt8](repeating: 2, count: 10_000))
  store([3])
  if attempt("remove", { () throws(CacheError) in try cache.remove(key) }) {
    if cache.read(key, now: now) != nil { stop("a removed entry was served") }
    expected = nil
  }
  if case .leader(let flight) = cache.beginFlight(key, now: now, waitAtMost: .zero) { flight.fail([9]) }
  store([4])
  _ = cache.sweepIfDue(now: now)
  _ = attempt("sweep") { () throws(CacheError) in try cache.sweep(now: now) }
  check("sweep")
  _ = attempt("statistics") { () throws(CacheError) in _ = try cache.statistics(now: now) }
  if attempt("clear", { () throws(CacheError) in try cache.clear() }), cache.read(key, now: now) != nil {
    stop("a cleared entry was served")
  }
}

/// Does everything at random with twenty keys and checks that what is read was stored under that very key.
func churn(_ cache: FileCache, seconds: Int) {
  let end = ContinuousClock.now + .seconds(seconds)
  var counts = (reads: 0, hits: 0, errors: 0)
  while ContinuousClock.now < end {
    let name = "churn_\(Int.random(in: 0..<20))"
    let key = key(name)
    let now = Timestamp.now
    switch Int.random(in: 0..<100) {
    case 0..<80:
      counts.reads += 1
      guard let entry = cache.read(key, now: now) else { break }
      counts.hits += 1
      let expected = Array(name.utf8)
      guard entry.body.count % expected.count == 0, entry.body.starts(with: expected) else {
        stop("read what was never stored under \(name)")
      }
    case 80..<95:
      guard case .leader(let flight) = cache.beginFlight(key, now: now, waitAtMost: .milliseconds(5)) else {
        break
      }
      let body = Array(String(repeating: name, count: Int.random(in: 1..<3000)).utf8)
      do throws(CacheError) {
        try flight.land(body, etag: "\"a\"", now: now, freshFor: 1, staleFor: 2)
      } catch {
        counts.errors += 1
      }
    case 95..<98: do { try cache.remove(key) } catch { counts.errors += 1 }
    case 98: _ = try? cache.sweep(now: now)
    default: if Int.random(in: 0..<20) == 0 { _ = try? cache.clear() }
    }
  }
  say("reads \(counts.reads) hits \(counts.hits) errors \(counts.errors)")
}

/// Prints how long stores and reads take at the median and the 99th percentile, for ten times as many keys
/// each time, so that it can be seen whether they depend on how many there are; at last, one entry read over
/// and over.
func measure(_ cache: FileCache, keys: Int, bodyBytes: Int) throws(CacheError) {
  let body = [UInt8](repeating: 42, count: bodyBytes)
  func report(_ what: String, _ times: [Duration]) {
    let sorted = times.sorted()
    guard let worst = sorted.last else { return }
    say("\(what): median \(sorted[sorted.count / 2]), p99 \(sorted[sorted.count * 99 / 100]), worst \(worst)")
  }
  var stored = 0
  while stored < keys {
    let end = min(keys, max(1000, stored * 10))
    var stores: [Duration] = []
    for place in stored..<end {
      let key = key("key_\(place)")
      let begun = ContinuousClock.now
      try cache.store(body, etag: "\"a\"", under: key, now: .now, freshFor: 300, staleFor: 86_400)
      stores.append(ContinuousClock.now - begun)
      cache.sweepIfDue(now: .now)
    }
    stored = end
    report("\(stored) keys, store", stores)
    var hits: [Duration] = []
    for _ in 0..<10_000 {
      let key = key("key_\(Int.random(in: 0..<stored))")
      let begun = ContinuousClock.now
      guard let entry = cache.read(key, now: .now) else { continue }
      hits.append(ContinuousClock.now - begun)
      if entry.body != body { stop("a wrong body") }
    }
    report("\(stored) keys, \(hits.count) hits", hits)
    let disk = try cache.statistics(now: .now)
    say("\(stored) keys, on disk: \(disk.entries) entries, \(disk.bytes) bytes of \(disk.maximumBytes)")
  }
  let last = key("key_\(keys - 1)")
  let now = Timestamp.now
  let begun = ContinuousClock.now
  for _ in 0..<100_000 { if cache.read(last, now: now) == nil { stop("the last key is gone") } }
  say("the same entry again and again: \((ContinuousClock.now - begun) / 100_000) each")
}
