// One process of several that share a cache. Tests start some of them, read what they print and kill them.
//
//   cache-torture stampede DIRECTORY KEY THREADS LOG [fail]: miss the key with many threads at once
//
//   cache-torture lead DIRECTORY KEY: begin a flight and never end it
//
//   cache-torture full DIRECTORY KEY BYTES LIMIT: store under a file size limit, as on a full disk
//
//   cache-torture everything DIRECTORY KEY: each operation once, to let system calls fail under it
//
//   cache-torture churn DIRECTORY SECONDS: read, store, remove and sweep at random
//
//   cache-torture keys DIRECTORY COUNT BODY LIMIT: how fast reading and storing are with so many keys
//
//   cache-torture fill DIRECTORY FROM TO: grids of made-up accounts, for benchmarks

import Cache
import Glibc
import Text

let arguments = Array(CommandLine.arguments.dropFirst())

func argument(_ place: Int) -> String {
  guard place < arguments.count else { stop("missing argument \(place)") }
  return arguments[place]
}

func number(_ place: Int) -> Int {
  guard let number = Int(argument(place)) else { stop("argument \(place) is not a number") }
  return number
}

func key(_ text: String) -> CacheKey {
  guard let key = CacheKey(text) else { stop("not a key: \(text)") }
  return key
}

/// One write for a line, whole and at once: whoever started us reads along, and several threads say
/// something.
func say(_ line: String, to descriptor: Int32 = 1) {
  _ = Array((line + "\n").utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
}

func stop(_ sentence: String) -> Never {
  say("cache-torture: " + sentence, to: 2)
  exit(2)
}

do {
  let maximumBytes =
    switch argument(0) {
    case "keys": number(4)
    case "fill": 2 << 30
    default: 64 << 20
    }
  let cache = try FileCache(directory: argument(1), maximumBytes: maximumBytes)
  switch argument(0) {
  case "stampede":
    Stampede(
      cache: cache, key: key(argument(2)), log: argument(4), isFailing: arguments.count > 5
    ).run(threads: number(3))
  case "lead":
    guard case .leader(let flight) = cache.beginFlight(key(argument(2)), now: .now, waitAtMost: .zero) else {
      stop("somebody else leads")
    }
    say("leading")
    while true { sleep(1000) }
    _ = consume flight
  case "full":
    try storeOnFullDisk(cache, key(argument(2)), bytes: number(3), limit: number(4))
  case "everything":
    doEverything(cache, key(argument(2)))
  case "churn":
    churn(cache, seconds: number(2))
  case "keys":
    try measure(cache, keys: number(2), bodyBytes: number(3))
  case "fill":
    for account in number(2)..<number(3) {
      try cache.store(
        [UInt8](repeating: 0x20, count: 1024), etag: "\"fill\"",
        under: key("ig_grid_\(17_850_000_000_000_000 + account)"),
        now: .now, freshFor: 86400, staleFor: 86400)
    }
  default:
    stop("unknown command \(argument(0))")
  }
} catch {
  say("error \(error)")
  exit(1)
}
