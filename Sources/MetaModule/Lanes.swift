/// What the workers of a process share so that none of them waits too long: places for each kind of work that takes
/// its time, fewer than there are workers.
public final class Lanes: Sendable {
  /// For signing in.
  let signIns: Lane
  /// For waiting: for Graph, for another request that asks it, for a lock.
  let waiting: Lane

  /// - Parameter workers: how many the process has. Some are always left for what is answered at once, unless there
  ///   is only one.
  public init(workers: Int) {
    signIns = Lane(places: min(PasswordCheck.places, max(1, workers / 4)))
    waiting = Lane(places: max(1, workers * 5 / 8))
  }
}
