import TestSupport
import Testing

@testable import System

/// Places for work that takes long: fewer than workers, a short queue, and a refusal at once.
@Suite struct LaneTests {
  /// What is not copied cannot stand in an expectation itself.
  private func expect(
    _ place: borrowing Lane.Place?, isPlace expected: Bool, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let isPlace = place != nil
    #expect(isPlace == expected, sourceLocation: sourceLocation)
  }

  @Test func `there are as many places as were made, and a place that is left is free again`() {
    let lane = Lane(places: 2)
    let first = lane.tryEnter()
    var second = lane.tryEnter()
    expect(first, isPlace: true)
    expect(second, isPlace: true)
    expect(lane.tryEnter(), isPlace: false)
    #expect(lane.isFull)
    second = nil
    #expect(!lane.isFull)
    expect(second, isPlace: false)
    expect(lane.tryEnter(), isPlace: true)
  }

  @Test func `who waits gets the place that is left, and nobody overtakes`() {
    let lane = Lane(places: 1, queue: 1)
    var first = lane.tryEnter()
    expect(first, isPlace: true)
    let waiter = Background { lane.enter(waitingAtMost: .seconds(60)) != nil }
    #expect(Wait.until { lane.waiters == 1 })
    // The queue is full.
    expect(lane.enter(waitingAtMost: .seconds(60)), isPlace: false)
    expect(lane.tryEnter(), isPlace: false)
    first = nil
    expect(first, isPlace: false)
    #expect(waiter.result() == true)
  }

  @Test func `a wait ends`() {
    let lane = Lane(places: 1, queue: 1)
    let first = lane.tryEnter()
    expect(lane.enter(waitingAtMost: .milliseconds(1)), isPlace: false)
    #expect(lane.waiters == 0)
    expect(first, isPlace: true)
  }

  @Test func `of many threads never more than there are places are at work`() {
    let lane = Lane(places: 3, queue: 100)
    // It has no queue: a fourth would be refused there.
    let most = Lane(places: 3)
    let threads = (0..<24).map { _ in
      Background {
        (0..<200).allSatisfy { _ in
          let place = lane.enter(waitingAtMost: .seconds(60))
          guard place != nil else { return false }
          let inner = most.tryEnter()
          return inner != nil
        }
      }
    }
    #expect(threads.allSatisfy { $0.result() == true })
  }
}
