internal import Glibc

extension UInt8 {
  /// `0` to `9`.
  @inlinable package var isDigit: Bool { self &- 0x30 < 10 }

  /// `A` to `Z` and `a` to `z`.
  @inlinable package var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

  /// Of `A` to `Z` the small letter, and every other byte as it is.
  @inlinable package var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

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

  /// Whether every byte is fine. `utf8.allSatisfy` finds its way to each of them anew, for some ten times as long.
  @inlinable package func allBytes(are isFine: (UInt8) -> Bool) -> Bool {
    utf8.withContiguousStorageIfAvailable { $0.allSatisfy(isFine) } ?? utf8.allSatisfy(isFine)
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
