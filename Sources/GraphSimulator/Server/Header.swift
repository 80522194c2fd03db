/// One header line.
struct Header: Sendable, Equatable {
  var name: String
  var value: String

  init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension [Header] {
  /// The first value under this name, whatever its letters' case.
  func value(_ name: String) -> String? {
    first { $0.name.lowercased() == name }?.value
  }
}
