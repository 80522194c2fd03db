internal import JSON
internal import Synchronization

/// What the usage headers say.
package enum Usage: Sendable, Equatable {
  /// No usage headers, as in an app's first calls.
  case absent
  /// Calls as a percentage of so many an hour; nothing below one percent, and nothing is refused.
  case counted(perHour: Int)
  /// The same, and calls over 100 % are refused with code 4 or 80002, as an app's are.
  case enforced(perHour: Int)
  /// A fixed percentage, which may exceed 100, and the minutes until access is regained.
  case fixed(percent: Int, minutes: Int)
  /// Headers that are no JSON.
  case malformed
}

/// Counts calls and writes the usage headers.
final class UsageMeter: Sendable {
  private struct State {
    var usage = Usage.counted(perHour: 10_000_000)
    var calls = 0
    var hour = 0
  }

  private let state = Mutex(State())

  var usage: Usage {
    get { state.withLock { $0.usage } }
    set { state.withLock { $0 = State(usage: newValue) } }
  }

  /// The headers for a call, and whether it is one too many.
  struct Reading {
    var headers: [Header] = []
    var isOver = false
  }

  /// Counts a call; `override` says what its headers are instead.
  func count(_ pools: UsagePools, override: Usage?) -> Reading {
    let (usage, calls) = state.withLock { state in
      let hour = GraphTime.now() / 3600
      if state.hour != hour { (state.hour, state.calls) = (hour, 0) }
      state.calls += 1
      return (override ?? state.usage, state.calls)
    }
    switch usage {
    case .absent: return Reading()
    case .malformed: return Reading(headers: pools.malformed)
    case .fixed(let percent, let minutes):
      return Reading(headers: pools.headers(percent: percent, minutes: minutes))
    case .counted(let limit):
      let percent = calls * 100 / max(limit, 1)
      return Reading(headers: percent == 0 ? [] : pools.headers(percent: percent, minutes: 0))
    case .enforced(let limit):
      let isOver = calls > limit
      let percent = calls * 100 / max(limit, 1)
      return Reading(headers: pools.headers(percent: percent, minutes: isOver ? 60 : 0), isOver: isOver)
    }
  }
}

/// The quotas that a call is counted against: those of Business Use Cases, or, where there are none, the
/// app's. Never both.
struct UsagePools: Sendable {
  /// Ids of the pools; an Instagram call is counted in two, the business's and the account's.
  var ids: [String] = []
  var type = "pages"

  static let application = UsagePools()

  func headers(percent: Int, minutes: Int) -> [Header] {
    let figure = JSONValue(percent)
    guard !ids.isEmpty else {
      return [header("x-app-usage", ["call_count": figure, "total_cputime": 0, "total_time": figure])]
    }
    var pools = JSONObject()
    for id in ids {
      pools[id] = [
        [
          "type": .string(type), "call_count": figure, "total_cputime": 0, "total_time": figure,
          "estimated_time_to_regain_access": JSONValue(minutes),
        ]
      ]
    }
    return [header("x-business-use-case-usage", .object(pools))]
  }

  var malformed: [Header] {
    [
      Header(
        ids.isEmpty ? "x-app-usage" : "x-business-use-case-usage", "{'call_count' : 85, 'total_cputime' :")
    ]
  }

  private func header(_ name: String, _ value: JSONValue) -> Header {
    Header(name, String(decoding: value.serialized(escaping: .ascii), as: UTF8.self))
  }
}
