internal import Store
internal import System

/// The request at hand, to those who work for it: the places that it holds while it waits, and what is left to be done
/// when it has its answer.
final class Turn {
  let lanes: Lanes
  let willWait: @Sendable () -> Void
  /// Between requests, nothing is waited for.
  var isAnswered = true { didSet { if isAnswered { letGo() } } }
  /// Called before anything is waited for, and when the answer stands.
  var letGo: () -> Void = {}
  private var left: [() -> Void] = []
  var hasNothingLeft: Bool { left.isEmpty }
  /// Of the request at hand.
  private var answerBy: ContinuousClock.Instant?
  /// Held for as long as the request at hand may wait for something.
  private var place: Lane.Place?
  private var fetchingPlace: Lane.Place?
  private var (hasPlace, mayFetch) = (false, false)

  init(_ lanes: Lanes, _ willWait: @escaping @Sendable () -> Void) {
    (self.lanes, self.willWait) = (lanes, willWait)
  }

  /// - Parameter budget: what it may take with all that it waits for.
  func begin(for budget: Duration) {
    answerBy = .now + budget
    isAnswered = false
  }

  /// Milliseconds for which an operation may stand in line.
  var patience: Int32 {
    guard let answerBy else { return Store.patience }
    let left = ContinuousClock.now.duration(to: answerBy) / .milliseconds(1)
    return isAnswered ? 0 : min(Store.patience, Int32(max(0, left)))
  }

  /// To be called when its answer was sent, and all that is left is done.
  func end() {
    fetchingPlace = nil
    place = nil
    answerBy = nil
    (hasPlace, mayFetch) = (false, false)
  }

  /// Does something after the answer was sent, or at once if it has been. It may be skipped without harm, must not wait
  /// for a lock, and must not fail.
  func afterwards(_ work: @escaping () -> Void) {
    if isAnswered { work() } else { left.append(work) }
  }

  func doWhatIsLeft() {
    let left = left
    self.left = []
    for work in left { work() }
  }

  /// Takes a place for the rest of this request, before it waits for Graph, for another request or for a lock. Each
  /// place has a thread beside the workers, so that those are left which answer at once.
  func takePlace() -> Bool {
    if hasPlace { return true }
    letGo()
    place = lanes.waiting.tryEnter()
    hasPlace = place != nil
    if hasPlace { willWait() }
    return hasPlace
  }

  /// For what waits with a place of its own.
  func beginToWait() {
    letGo()
    willWait()
  }

  /// The same before it fetches a grid from Graph itself.
  func takePlaceToFetch() -> Bool {
    guard takePlace(), !mayFetch else { return mayFetch }
    fetchingPlace = lanes.fetching.tryEnter()
    mayFetch = fetchingPlace != nil
    return mayFetch
  }
}
