internal import Glibc

/// Where threads wait until others let them go on, one for each call (sem_overview(7)).
final class Semaphore: @unchecked Sendable {
  private let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    semaphore = .allocate(capacity: 1)
    semaphore.initialize(to: sem_t())
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func wait() {
    while sem_wait(semaphore) != 0, errno == EINTR {}
  }

  func signal() { sem_post(semaphore) }
}
