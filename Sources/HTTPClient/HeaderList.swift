internal import Text

/// The header fields of an answer, in the order in which they came.
package struct HeaderList: Sendable, Sequence {
  private var fields: [(name: String, value: String)] = []

  /// The value of the first field of this name, upper and lower case alike; `nil` when there is none.
  package subscript(name: String) -> String? {
    fields.first { Self.areEqual($0.name, name) }?.value
  }

  package func makeIterator() -> some IteratorProtocol<(name: String, value: String)> {
    fields.makeIterator()
  }

  mutating func append(name: String, value: String) { fields.append((name, value)) }

  /// Compares bytes, and only ASCII letters without case: `String` would take the Kelvin sign for a `K`.
  static func areEqual(_ left: String, _ right: String) -> Bool {
    left.utf8.count == right.utf8.count
      && zip(left.utf8, right.utf8).allSatisfy { $0 == $1 || $0.isLetter && $0 | 0x20 == $1 | 0x20 }
  }
}
