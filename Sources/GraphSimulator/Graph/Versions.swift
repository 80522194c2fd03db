/// Which version of the API answers a call.
enum Versions {
  /// The versions of the changelog and the day each ends; the newest has no end yet.
  private static let known: [(name: String, end: Int?)] = [
    ("v21.0", GraphTime.time(2027, 1, 21)), ("v22.0", GraphTime.time(2027, 5, 20)),
    ("v23.0", GraphTime.time(2027, 10, 8)), ("v24.0", GraphTime.time(2028, 2, 18)),
    ("v25.0", GraphTime.time(2028, 7, 29)), ("v26.0", nil),
  ]

  static let newest = "v26.0"

  /// The living version that serves a path's first component; a dead one is served by the oldest living
  /// one, silently. `nil` when the component is no version or one that does not exist yet.
  static func answering(_ component: String, now: Int = GraphTime.now()) -> String? {
    guard let wanted = number(component), let newest = number(newest), wanted <= newest else { return nil }
    let living = known.filter { $0.end ?? .max > now }.map(\.name)
    return living.first { number($0) ?? 0 >= wanted }
  }

  /// `v26.0` as 260.
  private static func number(_ component: String) -> Int? {
    let bytes = Array(component.utf8)
    guard bytes.first == UInt8(ascii: "v"), let dot = bytes.firstIndex(of: UInt8(ascii: ".")),
      dot > 1, dot < 5, bytes.count == dot + 2
    else { return nil }
    var result = 0
    for byte in bytes[1...] where byte != UInt8(ascii: ".") {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      result = result * 10 + Int(byte - UInt8(ascii: "0"))
    }
    return result
  }
}
