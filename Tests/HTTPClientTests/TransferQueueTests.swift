import Testing

@testable import HTTPClient

struct TransferQueueTests {
  private let now = ContinuousClock.now

  private func transfer(_ tag: Int, _ delay: Duration = .zero) -> Transfer<Int> {
    Transfer(tag: tag, request: HTTPRequest(url: ""), delay: delay)
  }

  @Test func `those without delay come first, first in, first out`() {
    var queue = TransferQueue<Int>()
    for tag in 0..<1000 { queue.add(transfer(tag), now: now) }
    var tags: [Int] = []
    while let next = queue.next(now: now) {
      tags.append(next.tag)
      if next.tag % 3 == 0, tags.count < 1200 { queue.add(transfer(next.tag + 1000), now: now) }
    }
    #expect(tags.prefix(1000) == ArraySlice(0..<1000))
    #expect(queue.isEmpty)
  }

  @Test func `the delayed come in the order of their time, equal ones in the order of arrival`() {
    var queue = TransferQueue<Int>()
    for (tag, seconds) in [30, 10, 20, 10, 20, 30].enumerated() {
      queue.add(transfer(tag, .seconds(seconds)), now: now)
    }
    #expect(queue.nextStart == now + .seconds(10))
    #expect(queue.next(now: now + .seconds(9))?.tag == nil)
    #expect(queue.next(now: now + .seconds(10))?.tag == 1)
    #expect(queue.next(now: now + .seconds(10))?.tag == 3)
    #expect(queue.next(now: now + .seconds(10))?.tag == nil)
    #expect(queue.removeAll().map(\.tag) == [2, 4, 0, 5])
    #expect(queue.isEmpty)
    #expect(queue.nextStart == nil)
  }

  @Test(arguments: [
    (Duration.zero, 1), (.nanoseconds(1), 1), (.milliseconds(1), 1), (.microseconds(1001), 2),
    (.seconds(10), 10_000),
    (.seconds(-5), 1), (.seconds(Int64.max), Int(Int32.max)),
  ])
  func `milliseconds are rounded up and never none`(duration: Duration, expected: Int) {
    #expect(duration.milliseconds == expected)
  }
}
