internal import Synchronization

/// Hands the simulation to connections. It is made after the port is known, which its URLs contain; a
/// connection in between is closed.
final class SimulationBox: Sendable {
  private let value = Mutex<Simulation?>(nil)

  func set(_ simulation: Simulation) { value.withLock { $0 = simulation } }

  var simulation: Simulation? { value.withLock { $0 } }
}
