internal import Cache

/// What is kept of one answer of Graph's, each as an entry of its own.
enum GridPart: String, CaseIterable {
  /// The seed's answer: 25 media.
  case grid
  /// 100 media with everything that `?include=` and feeds can want: twenty times as large, and seldom read.
  case window
  /// Nothing but the window's tag: what was made of a window is good as long as this one stands.
  case stamp

  func key(_ account: String) -> CacheKey? { CacheKey("ig_\(rawValue)_\(account)") }
}
