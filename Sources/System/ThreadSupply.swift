internal import Glibc

/// Whether this account may make another thread (`RLIMIT_NPROC`, a container's `pids.max`, systemd's `TasksMax`).
package enum ThreadSupply {
  /// Asked by making one. Nothing in the system tells beforehand.
  package static var isExhausted: Bool {
    var thread = pthread_t()
    guard pthread_create(&thread, nil, { _ in nil }, nil) == 0 else { return true }
    pthread_join(thread, nil)
    return false
  }
}
