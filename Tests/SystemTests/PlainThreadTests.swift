import Glibc
import TestSupport
import Testing

@testable import System

/// What a thread of ours leaves to the server.
@Suite struct PlainThreadTests {
  @Test func `a thread takes none of the signals that end a server, and its maker does as before`() throws {
    var (ends, before, after) = (sigset_t(), sigset_t(), sigset_t())
    sigemptyset(&ends)
    for number in System.PlainThread.endSignals { sigaddset(&ends, number) }
    pthread_sigmask(SIG_UNBLOCK, &ends, &before)
    let blocked = Guarded<[Bool]>([])
    let told = Gate(expected: 2)
    System.PlainThread.start {
      var own = sigset_t()
      pthread_sigmask(SIG_BLOCK, nil, &own)
      blocked.withLock { $0 = [SIGTERM, SIGINT, SIGUSR1, SIGSEGV].map { sigismember(&own, $0) == 1 } }
      told.pass()
    }
    told.pass()
    pthread_sigmask(SIG_SETMASK, &before, &after)
    #expect(blocked.withLock { $0 } == [true, true, true, false])
    #expect(sigismember(&after, SIGTERM) == 0)
  }
}
