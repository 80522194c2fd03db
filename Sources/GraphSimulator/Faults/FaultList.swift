internal import Synchronization

/// The faults in force, in the order they were added.
final class FaultList: Sendable {
  private struct Entry {
    var id: Int
    var fault: Fault
  }

  private struct State {
    var entries: [Entry] = []
    var lastID = 0
  }

  private let state = Mutex(State())

  /// Adds a fault and gives its number.
  func add(_ fault: Fault) -> Int {
    state.withLock { state in
      state.lastID += 1
      state.entries.append(Entry(id: state.lastID, fault: fault))
      return state.lastID
    }
  }

  /// Removes one fault, or all of them.
  func remove(_ id: Int?) {
    state.withLock { state in state.entries.removeAll { id == nil || $0.id == id } }
  }

  /// The numbers and faults that are still in force.
  var all: [(id: Int, fault: Fault)] {
    state.withLock { state in state.entries.map { ($0.id, $0.fault) } }
  }

  /// Whether answers are held back that this was begun with.
  var holdAnswers: Bool { state.withLock { $0.entries.contains { $0.fault.kind == .held } } }

  /// What happens to this call; what was to happen only so often is used up by it.
  func take(tokenLabel: String?, path: String, endpoint: Endpoint) -> FaultPlan {
    state.withLock { state in
      var plan = FaultPlan()
      guard !state.entries.isEmpty else { return plan }
      for index in state.entries.indices {
        guard state.entries[index].fault.match.covers(tokenLabel: tokenLabel, path: path, endpoint: endpoint)
        else { continue }
        if state.entries[index].fault.skip > 0 {
          state.entries[index].fault.skip -= 1
          continue
        }
        let fault = state.entries[index].fault
        guard fault.chance >= 100 || Int.random(in: 0..<100) < fault.chance, plan.include(fault.kind)
        else { continue }
        if let count = fault.count { state.entries[index].fault.count = count - 1 }
      }
      state.entries.removeAll { $0.fault.count.map { $0 <= 0 } ?? false }
      return plan
    }
  }
}
