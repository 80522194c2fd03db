import System
import Testing

@testable import FastCGI

/// The row of waiting connections, without any.
@Suite struct ParkedConnectionsTests {
  private func park(
    _ parked: borrowing ParkedConnections, _ descriptor: Int32, for milliseconds: Int32 = 60_000,
    isServed: Bool = true
  ) -> UInt64 {
    var tag: UInt64 = 0
    let connection = PeerConnection(descriptor: descriptor, isServed: isServed)
    let isParked = parked.add(connection, until: .after(milliseconds: milliseconds)) {
      tag = $0
      return true
    }
    #expect(isParked)
    return tag
  }

  @Test func `an event gives its connection to one worker only`() throws {
    let parked = try ParkedConnections()
    let tag = park(parked, 7)
    #expect(parked.take(tag)?.descriptor == 7)
    #expect(parked.take(tag)?.descriptor == nil)
  }

  @Test func `an event of an earlier connection does not give the next one of that number`() throws {
    let parked = try ParkedConnections()
    var tags: [UInt64] = []
    for _ in 0..<100 {
      let tag = park(parked, 7)
      for old in tags { #expect(parked.take(old)?.descriptor == nil) }
      #expect(parked.take(tag)?.descriptor == 7)
      tags.append(tag)
    }
    #expect(Set(tags).count == 100)
  }

  @Test func `an event that comes while its connection is being parked is not lost`() throws {
    let parked = try ParkedConnections()
    var taken: Int32?
    let isParked = parked.add(
      PeerConnection(descriptor: 7, isServed: true), until: .after(milliseconds: 60_000)
    ) { tag in
      // Nobody else may close it now, epoll does not know it yet.
      parked.takeAll { _ in Issue.record("taken while it was armed") }
      taken = parked.take(tag)?.descriptor
      return true
    }
    #expect(isParked)
    #expect(taken == 7)
    parked.takeAll { _ in Issue.record("taken twice") }
  }

  @Test func `what epoll refuses stays its owner's`() throws {
    let parked = try ParkedConnections()
    #expect(!parked.add(PeerConnection(descriptor: 7), until: .after(milliseconds: 0)) { _ in false })
    #expect(!parked.add(PeerConnection(descriptor: 70_000), until: .after(milliseconds: 0)) { _ in true })
    parked.takeAll { _ in Issue.record("taken") }
    #expect(parked.unserved == 0)
  }

  @Test func `only those whose time is over are taken`() throws {
    let parked = try ParkedConnections()
    let later = park(parked, 3)
    _ = park(parked, 4, for: -1)
    _ = park(parked, 65_535, for: 0)
    var expired: [Int32] = []
    parked.takeExpired { expired.append($0) }
    #expect(expired == [4, 65_535])
    #expect(parked.take(later)?.descriptor == 3)
  }

  @Test func `new ones and served ones are told apart`() throws {
    let parked = try ParkedConnections()
    let served = park(parked, 3)
    var unserved = [parked.unserved]
    let new = park(parked, 4, isServed: false)
    unserved.append(parked.unserved)
    #expect(parked.take(new)?.isServed == false)
    unserved.append(parked.unserved)
    #expect(unserved == [0, 1, 0])
    #expect(parked.take(served)?.isServed == true)
  }

  @Test func `of those whose request is expected the oldest goes first`() throws {
    let parked = try ParkedConnections()
    _ = park(parked, 3, for: 1000)
    _ = park(parked, 4, for: 30_000, isServed: false)
    _ = park(parked, 5, for: 20_000, isServed: false)
    _ = park(parked, 6, for: 40_000, isServed: false)
    var order: [Int32] = []
    for _ in 0..<4 { parked.takeOldestUnserved { order.append($0) } }
    #expect(order == [5, 4, 6])
    parked.takeAll { order.append($0) }
    #expect(order == [5, 4, 6, 3])
    #expect(parked.unserved == 0)
  }

  @Test func `what has come of a request waits with its connection, and goes with it`() throws {
    let parked = try ParkedConnections()
    let memory = Pending.Memory(limit: 1000)
    var assembly: Assembly? = Assembly(bodyLimit: 1, within: 1000, memory: memory)
    weak let watched = assembly
    var tag: UInt64 = 0
    for isClosed in [false, true] {
      _ = parked.add(PeerConnection(descriptor: 7, pending: assembly), until: .after(milliseconds: 1000)) {
        tag = $0
        return true
      }
      if isClosed {
        assembly = nil
        #expect(watched != nil)
        parked.takeAll { _ in }
      } else {
        #expect(parked.take(tag)?.pending === assembly)
      }
    }
    #expect(watched == nil)
  }
}
