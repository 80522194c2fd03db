internal import Cache
internal import Cryptography
internal import Graph
internal import Store
internal import Text

/// The work of the program, whoever asks for it: where store, cache and Graph meet.
///
/// Holds what that takes: the rooms, the moment, the time that may be spent, and in whose name events are written. It
/// knows no request: an endpoint's context makes one, and so does a command of the operator.
struct Services {
  let rooms: Rooms
  /// The moment for which an answer holds; every age and expiry is computed against this one.
  let now: Timestamp
  /// When whoever asks began to wait.
  let start: ContinuousClock.Instant
  /// The audit row of a change; it is written in the transaction of the change itself.
  let event: (_ action: String) -> Event

  init(
    _ rooms: Rooms, now: Timestamp = .now, start: ContinuousClock.Instant = .now,
    event: @escaping (_ action: String) -> Event
  ) {
    (self.rooms, self.now, self.start, self.event) = (rooms, now, start, event)
  }

  var accounts: Accounts { Accounts(services: self) }
  var pages: Pages { Pages(services: self) }
  var grids: Grids { Grids(services: self) }
  var posts: Posts { Posts(services: self) }
  var pictures: Pictures { Pictures(services: self) }
  var feeds: Feeds { Feeds(services: self) }
  var keys: Keys { Keys(services: self) }
  var sessions: Sessions { Sessions(services: self) }

  /// What is kept of an account goes, unless a client still shows it.
  func forgetIfUnmapped(_ account: String?) throws(StoreError) {
    guard let account, try !store().isInstagramAccountMapped(account) else { return }
    grids.forget(account)
    pictures.forget(account)
  }

  var configuration: Configuration { rooms.configuration }
  var graph: GraphClient { rooms.graph }
  var cache: FileCache? { rooms.cache }
  func store() throws(StoreError) -> Store { try rooms.store() }

  func moment(after duration: Duration) -> ContinuousClock.Instant { start + duration }

  /// What may still be spent on Graph: all calls, their waits and the waiting for others share one budget.
  func budget(retries: Bool = true) -> GraphBudget {
    GraphBudget(deadline: start + .seconds(configuration.requestBudget), retries: retries)
  }

  /// To be called before Graph is asked: takes a place among those who wait for it.
  ///
  /// - Parameter mayProbe: the operator asks, whose wish to know is reason enough while Graph fails again and again.
  func prepareToAskGraph(mayProbe: Bool = false) throws(Refusal) {
    guard rooms.turn.takePlace() else { throw .tooManyWait }
    guard mayProbe || rooms.graphBreaker.mayAsk() else { throw .graphRests }
  }

  /// - Returns: `nil` when no key of the ring opens it: the row keeps its status, and is left out.
  func unsealed(_ sealed: String) throws -> Secret? {
    let ring = try rooms.keyRing()
    guard let bytes = try? ring.open(sealed) else { return nil }
    return Secret(String(decoding: bytes, as: UTF8.self))
  }

  func sealed(_ token: Secret) throws -> String {
    let ring = try rooms.keyRing()
    // Before it is used: a backup that was made in between names one key more than it needs, never one less.
    try store().recordKey(ring)
    do { return try ring.seal(Array(token.revealed().utf8)) } catch {
      throw Refusal.noRandomness("to encrypt a token with")
    }
  }
}
