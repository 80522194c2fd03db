import Testing

@testable import FastCGI

/// The row of waiting connections, without any.
@Suite struct ParkedConnectionsTests {
  private func park(
    _ parked: borrowing ParkedConnections, _ descriptor: Int32, for milliseconds: Int32 = 60_000,
    isServed: Bool = true
  ) -> UInt64 {
    var tag: UInt64 = 0
    let isParked = parked.add(descriptor, until: .after(milliseconds: milliseconds), isServed: isServed) {
      tag = $0
      return true
    }
    #expect(isParked)
    return tag
  }

  @Test func `an event gives its connection to one worker only`() throws {
    let parked = try ParkedConnections()
    let tag = park(parked, 7)
    #expect(parked.take(tag) == 7)
    #expect(parked.take(tag) == nil)
  }

  @Test func `an event of an earlier connection does not give the next one of that number`() throws {
    let parked = try ParkedConnections()
    var tags: [UInt64] = []
    for _ in 0..<100 {
      let tag = park(parked, 7)
      for old in tags { #expect(parked.take(old) == nil) }
      #expect(parked.take(tag) == 7)
      tags.append(tag)
    }
    #expect(Set(tags).count == 100)
  }

  @Test func `an event that comes while its connection is being parked is not lost`() throws {
    let parked = try ParkedConnections()
    var taken: Int32?
    let isParked = parked.add(7, until: .after(milliseconds: 60_000), isServed: true) { tag in
      // Nobody else may close it now, epoll does not know it yet.
      parked.takeAll { _ in Issue.record("taken while it was armed") }
      taken = parked.take(tag)
      return true
    }
    #expect(isParked)
    #expect(taken == 7)
    parked.takeAll { _ in Issue.record("taken twice") }
  }

  @Test func `what epoll refuses stays its owner's`() throws {
    let parked = try ParkedConnections()
    #expect(!parked.add(7, until: .after(milliseconds: 0), isServed: true) { _ in false })
    #expect(!parked.add(70_000, until: .after(milliseconds: 0), isServed: true) { _ in true })
    parked.takeAll { _ in Issue.record("taken") }
  }

  @Test func `only those whose time is over are taken`() throws {
    let parked = try ParkedConnections()
    let later = park(parked, 3)
    _ = park(parked, 4, for: -1)
    _ = park(parked, 65_535, for: 0)
    var expired: [Int32] = []
    parked.takeExpired { expired.append($0) }
    #expect(expired == [4, 65_535])
    #expect(parked.take(later) == 3)
  }

  @Test func `new ones and served ones are told apart`() throws {
    let parked = try ParkedConnections()
    let served = park(parked, 3)
    var hasUnserved = [parked.hasUnserved]
    let new = park(parked, 4, isServed: false)
    hasUnserved.append(parked.hasUnserved)
    #expect(parked.take(new) == 4)
    hasUnserved.append(parked.hasUnserved)
    #expect(hasUnserved == [false, true, false])
    #expect(parked.take(served) == 3)
  }
}
