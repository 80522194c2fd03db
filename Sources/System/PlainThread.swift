// For pthread_attr_t, which is of the module whose header the compiler met first.
internal import CPlatform
internal import Glibc

/// A plain thread with a small stack, for whom nobody waits.
package enum PlainThread {
  /// What the deepest call needs, many times over; untouched pages cost nothing, but the kernel may back the
  /// 8 MiB of the default with huge pages.
  private static let stackBytes = 1 << 20

  /// The closure on its way into the thread.
  private final class Start: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// The signals that end a server. One to the process goes to any thread that does not block it, so no thread from here
  /// takes them: they are left to the one that waits for them, or dies of them.
  package static let endSignals = [SIGTERM, SIGINT, SIGUSR1]

  /// Returns 0 or an `errno`.
  @discardableResult
  package static func start(_ body: @escaping @Sendable () -> Void) -> Int32 {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackBytes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var (blocked, before) = (sigset_t(), sigset_t())
    sigemptyset(&blocked)
    for number in endSignals { sigaddset(&blocked, number) }
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let start = Unmanaged.passRetained(Start(body))
    var thread = pthread_t()
    let error = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, start.toOpaque())
    if error != 0 { start.release() }
    return error
  }

  /// Whether this account may make no other thread (`RLIMIT_NPROC`, a container's `pids.max`, systemd's `TasksMax`).
  /// Asked by making one: nothing in the system tells beforehand.
  package static var areExhausted: Bool {
    var thread = pthread_t()
    guard pthread_create(&thread, nil, { _ in nil }, nil) == 0 else { return true }
    pthread_join(thread, nil)
    return false
  }
}
