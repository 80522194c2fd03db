internal import Glibc

/// Text built as bytes, where a request's every line of log and header comes through.
extension [UInt8] {
  package mutating func append(_ text: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func append(_ text: String) {
    let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { append(contentsOf: $0) }
    if isDone == nil { append(contentsOf: text.utf8) }
  }

  /// A number in decimal digits, with leading zeros up to `width`.
  package mutating func append(decimal number: Int64, width: Int = 1) {
    if number < 0 { append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var count = 0
      while rest > 0 {
        digits[19 - count] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
        count += 1
      }
      for _ in 0..<Swift.max(0, width - count) { append(UInt8(ascii: "0")) }
      append(contentsOf: digits[(20 - count)...])
    }
  }
}

extension UInt8 {
  /// `0` to `9`.
  @inlinable package var isDigit: Bool { self &- 0x30 < 10 }

  /// `A` to `Z` and `a` to `z`.
  @inlinable package var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

  /// What a hexadecimal digit stands for, upper or lower case.
  @inlinable package var hexadecimalValue: UInt8? {
    if isDigit { return self & 15 }
    return (self | 0x20) &- 0x61 < 6 ? (self & 15) + 9 : nil
  }
}

extension [String] {
  /// Each once, compared by bytes, where it first stands.
  package var withoutRepetitions: [String] {
    reduce(into: []) { kept, text in
      if !kept.contains(where: { $0.isSameBytes(as: text) }) { kept.append(text) }
    }
  }
}

extension String {
  /// Whether both are the same bytes, as SQLite compares. `==` also takes composed for decomposed characters.
  package func isSameBytes(as other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    let isSame = utf8.withContiguousStorageIfAvailable { own in
      other.utf8.withContiguousStorageIfAvailable {
        UnsafeRawBufferPointer(own).isSame(as: UnsafeRawBufferPointer($0))
      }
    }
    return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
  }

  /// Whether the bytes of the other stand in it somewhere. The library's own search compares characters, and brings its
  /// regular expressions along.
  package func containsBytes(of other: String) -> Bool {
    let (text, other) = (Array(utf8), Array(other.utf8))
    guard text.count >= other.count else { return false }
    return (0...(text.count - other.count)).contains { text[$0...].starts(with: other) }
  }
}

extension UnsafeRawBufferPointer {
  /// Byte by byte, by the C library: `elementsEqual` is a loop, and a warm request compares some hundred texts.
  package func isSame(as other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard count > 0, let own = baseAddress, let others = other.baseAddress else { return true }
    return memcmp(own, others, count) == 0
  }
}
