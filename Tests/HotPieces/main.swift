// Times the pieces that a warm request is made of, each against a yardstick in the same round: the SHA-256 of 4 KiB, in
// OpenSSL's C. Prints one JSON object: for each piece the nanoseconds of every round, and "yardstick".
//
//     hot-pieces FOLDER [ROUNDS]
internal import Cryptography
internal import Glibc
internal import JSON
internal import MetaModule

do {
  try measure()
} catch {
  print("hot-pieces: \(error)")
  exit(1)
}

func measure() throws {
  guard CommandLine.arguments.count > 1 else { throw Failure("name a folder to work in") }
  let rounds = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 7 : 7
  let pieces = try Pieces(folder: CommandLine.arguments[1])
  let work: [(name: String, run: () throws -> Void)] = [
    ("yardstick", pieces.yardstick), ("Fernet open", pieces.openFernet),
    ("JSON of a grid", pieces.serializeGrid),
    ("route match", pieces.matchRoute), ("cache read, file", pieces.readFile),
    ("cache read, memory", pieces.readMemory), ("key check", pieces.checkKey),
    ("whole warm request", pieces.respond),
  ]
  var results = JSONObject()
  var times: [[Int64]] = work.map { _ in [] }
  for _ in 0..<rounds {
    for (place, piece) in work.enumerated() { times[place].append(try nanoseconds(of: piece.run)) }
  }
  for (piece, times) in zip(work, times) { results[piece.name] = .array(times.map { JSONValue($0) }) }
  print(JSONValue.object(results).serializedText())
}

/// One call's time, from as many as fit into a twentieth of a second.
func nanoseconds(of piece: () throws -> Void) throws -> Int64 {
  var calls: Int64 = 0
  let begin = ContinuousClock.now
  while true {
    for _ in 0..<50 { try piece() }
    calls += 50
    let elapsed = (ContinuousClock.now - begin).components
    let nanoseconds = elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000
    if nanoseconds > 50_000_000 { return nanoseconds / calls }
  }
}

struct Failure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
