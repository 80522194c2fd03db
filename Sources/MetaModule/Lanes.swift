/// What the workers of a process share so that none of them waits too long: places for each kind of work that takes
/// its time, fewer than there are workers.
public final class Lanes: Sendable {
  /// For signing in.
  let signIns: Lane

  /// - Parameter workers: how many the process has.
  public init(workers: Int) {
    signIns = Lane(places: min(PasswordCheck.places, max(1, workers / 4)))
  }
}
