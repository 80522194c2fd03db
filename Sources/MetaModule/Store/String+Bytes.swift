extension String {
  /// Whether both are the same bytes, as SQLite compares. `==` also takes composed for decomposed characters.
  func isSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
