internal import Cache
internal import Store
internal import Synchronization
package import Text

/// Answers that are given again to equal requests of the same second, for all workers of a process.
///
/// What others call a microcache (nginx, Varnish) serves what may be a second old. This one never does: an answer is given
/// again only while nothing was written to the database since, and while the file that its body was read from stands
/// untouched. All else that it depends on is the request, which is the key, and the time, which counts in whole seconds
/// (`Age`, the end of a grid or a session, whether the use of a key is due to be noted).
package final class Microcache: Sendable {
  /// All that the program looks at in a request without a body. Those that differ in anything else, as in their port or in
  /// what their browser is called, are equal.
  package struct Key: Sendable {
    /// Number and value of each parameter, in their order, each ended by a NUL, which no value can have.
    private let bytes: [UInt8]
    fileprivate let digest: UInt64
    /// Of each its own: our site for nginx gives every request one.
    let requestID: String?
    /// In bytes; so many have a place on the stack.
    private static let limit = 1024
    /// Unlike in any other process: nobody can find keys that have the same digest.
    private static let seed = UInt64.random(in: .min ... .max)

    /// - Returns: `nil` where it would be too long to keep.
    init?(_ forEachParameter: (_ take: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) -> Void) {
      var requestID: String?
      let bytes: [UInt8]? = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.limit) { room in
        var count: Int? = 0
        forEachParameter { name, value in
          guard let start = count, let parameter = CGIParameter(name) else { return }
          if parameter == .requestID {
            Request.take(&requestID, value)
            return
          }
          let end = start + 1 + value.count
          guard end < Self.limit else { return count = nil }
          room[start] = parameter.rawValue
          value.withUnsafeBufferPointer { _ = room[(start + 1)...].update(fromContentsOf: $0) }
          room[end] = 0
          count = end + 1
        }
        return count.map { Array(room[..<$0]) }
      }
      guard let bytes else { return nil }
      (self.bytes, self.requestID) = (bytes, requestID)
      digest = bytes.withUnsafeBytes { XXHash64.digest($0, seed: Self.seed) }
    }

    fileprivate var size: Int { bytes.count }
  }

  /// One answer, and what must still be so that it is given again.
  final class Answer: Sendable {
    let counter: ChangeCounter
    let validator: EntryValidator
    /// Up to the value of its last header, which is the request's id.
    private let beginning: [UInt8]
    let body: [UInt8]
    /// `nil` where the log leaves such requests out.
    let line: RepeatableLine?

    init(
      _ response: Response, _ line: RepeatableLine?, readAt counter: ChangeCounter,
      validator: EntryValidator, requestID: String
    ) {
      (self.counter, self.validator, self.line) = (counter, validator, line)
      beginning = response.cgiHead().dropLast(requestID.utf8.count + Response.endOfHead.utf8CodeUnitCount)
      body = response.body
    }

    func head(_ requestID: String) -> [UInt8] {
      let (id, end) = (requestID.utf8, Response.endOfHead)
      let length = beginning.count + id.count + end.utf8CodeUnitCount
      return [UInt8](unsafeUninitializedCapacity: length) { room, count in
        var place = room[...].initialize(fromContentsOf: beginning)
        place = room[place...].initialize(fromContentsOf: id)
        count = room[place...].initialize(
          fromContentsOf: UnsafeBufferPointer(start: end.utf8Start, count: end.utf8CodeUnitCount))
      }
    }

    fileprivate var size: Int { beginning.count + body.count + 1024 }
  }

  private struct Contents {
    var second: Int64 = 0
    var answers: [Key: Answer] = [:]
    var bytes = 0
    /// The digests of those that came at least once.
    var seen: Set<UInt64> = []
  }

  private static let mostSeen = 4096

  private let maximumBytes: Int
  private let contents = Mutex(Contents())

  /// - Parameter maximumBytes: of a second. Those of the bodies are the cache's own memory, as a rule.
  init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  /// What such a request was answered in this second.
  func answer(to key: Key, at now: Timestamp) -> Answer? {
    contents.withLock { $0.second == now.seconds ? $0.answers[key] : nil }
  }

  /// Whether such a request came in this second before. What comes but once a second, as from each of a thousand clients'
  /// sites, is not worth its room, nor the time to keep it.
  func isRepeated(_ key: Key, at now: Timestamp) -> Bool {
    // Handed out of the lock, since freeing some hundred answers takes long.
    let (isRepeated, past) = contents.withLock { contents -> (Bool, Contents?) in
      var past: Contents?
      if contents.second != now.seconds {
        past = contents
        contents = Contents(second: now.seconds)
      }
      if contents.seen.contains(key.digest) { return (true, past) }
      if contents.seen.count < Self.mostSeen { contents.seen.insert(key.digest) }
      return (false, past)
    }
    withExtendedLifetime(past) {}
    return isRepeated
  }

  func keep(_ answer: Answer, to key: Key, at now: Timestamp) {
    contents.withLock { contents in
      guard contents.second == now.seconds else { return }
      // There is one that does not hold any longer, where something was written meanwhile.
      let growth = key.size + answer.size - (contents.answers[key].map { key.size + $0.size } ?? 0)
      guard contents.bytes + growth <= maximumBytes else { return }
      contents.bytes += growth
      contents.answers[key] = answer
    }
  }
}

extension Microcache.Key: Hashable {
  package static func == (left: Self, right: Self) -> Bool {
    left.bytes.withUnsafeBytes { left in right.bytes.withUnsafeBytes { left.isSame(as: $0) } }
  }

  /// By the digest that is there already.
  package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

extension Application {
  /// The key of a request without a body, for `answerAgain` and for the `Request` that is made where that has none.
  package func microcacheKey(
    _ forEachParameter: (_ take: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) -> Void
  ) -> Microcache.Key? {
    shared.microcache == nil ? nil : Microcache.Key(forEachParameter)
  }

  /// The answer that an equal request was given in this second, if it would be given once more; logged as that one was,
  /// under an id of its own.
  package func answerAgain(
    to key: Microcache.Key, now: Timestamp = .now
  ) -> (head: [UInt8], body: [UInt8])? {
    let start = ContinuousClock.now
    guard let answer = shared.microcache?.answer(to: key, at: now),
      rooms.cache?.isUntouched(answer.validator) == true, rooms.remembered?.isLast(answer.counter) == true
    else { return nil }
    let id = requestIDs.id(asked: key.requestID)
    answer.line?.write(requestID: id, since: start)
    return (answer.head(id), answer.body)
  }

  /// Keeps an answer that may be given again, under its request's key. Where the use of a key is still to be noted, an equal
  /// request has it to do, should a lock be in the way of this one; on a server, that is tried once anyway.
  func remember(_ response: Response, _ line: RepeatableLine?, of context: RequestContext) {
    guard let key = context.request.microcacheKey, let validator = response.validator,
      rooms.turn.hasNothingLeft || shared.server != nil, let counter = rooms.remembered?.sharedCounter,
      let microcache = shared.microcache, microcache.isRepeated(key, at: context.now)
    else { return }
    let answer = Microcache.Answer(
      response, line, readAt: counter, validator: validator, requestID: context.record.requestID)
    microcache.keep(answer, to: key, at: context.now)
  }
}
