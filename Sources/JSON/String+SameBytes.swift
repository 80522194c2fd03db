extension String {
  /// Whether both are spelled with the same bytes. `==` also takes a composed letter for a decomposed one, and
  /// the sign for kelvin for a K; JSON, SQLite and Meta do not.
  func hasSameBytes(as other: String) -> Bool {
    utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
  }
}
