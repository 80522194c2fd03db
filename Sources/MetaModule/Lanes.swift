internal import System

/// What the workers of a process share so that none of them waits too long: places for each kind of work that takes
/// its time, and for each of them a thread more than the workers, so that those are left for what is answered at once.
package final class Lanes: Sendable {
  let signIns: Lane
  /// For waiting: for Graph, for another request that asks it, for a lock.
  let waiting: Lane
  /// For those of them that fetch a grid, fewer than there are workers: each needs a whole thread with its connections,
  /// which is what a burst of cold ones costs.
  let fetching: Lane

  /// For pictures that are fetched or made, and for waiting for one: of their own, so that a network of Meta's that hangs
  /// takes no place from grids.
  let pictures: Lane

  /// How many threads the process may have: a worker's for each, and one for each place. They are started as they are
  /// needed.
  package let threads: Int

  /// - Parameter workers: how many requests are answered at a time that wait for nothing. 9/4 as many may wait: two
  ///   hundred visitors of a cold grid, over three machines, are one call to Graph and two hundred answers.
  package init(workers: Int) {
    signIns = Lane(places: min(PasswordCheck.places, max(1, workers / 4)))
    waiting = Lane(places: workers * 9 / 4)
    fetching = Lane(places: max(1, workers * 3 / 4))
    pictures = Lane(places: workers * 2)
    threads = workers + signIns.places + waiting.places + pictures.places
  }
}
