import Testing

@testable import FastCGI

struct WorkClockTests {
  @Test func `a request is recent until a whole tick has passed, and then it is a long one`() {
    let clock = WorkClock(workers: 3)
    #expect(clock.busy() == (0, 0))
    clock.begin(1)
    #expect(clock.busy() == (1, 0))
    clock.advance()
    #expect(clock.busy() == (1, 0))
    clock.advance()
    #expect(clock.busy() == (0, 1))
    clock.begin(2)
    clock.beLong(2)
    #expect(clock.busy() == (0, 2))
  }

  @Test func `whoever has just ended one may soon have another, and some ticks later not any more`() {
    let clock = WorkClock(workers: 2)
    clock.begin(0)
    clock.end(0)
    var ticks = 0
    while clock.busy().recent == 1, ticks < 100 {
      clock.advance()
      ticks += 1
    }
    #expect((5...20).contains(ticks))
    #expect(clock.busy() == (0, 0))
    clock.begin(0)
    #expect(clock.busy() == (1, 0))
  }
}
