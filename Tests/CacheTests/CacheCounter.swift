import Synchronization

/// Counts from several threads.
final class CacheCounter: Sendable {
  private let count = Atomic<Int>(0)

  var value: Int { count.load(ordering: .sequentiallyConsistent) }

  func increment() -> Int { count.add(1, ordering: .sequentiallyConsistent).newValue }
}
