/// A request among many, with the caller's own mark.
public struct Transfer<Tag: Sendable>: Sendable {
  /// Comes back with the result, so that the caller knows whose it is.
  public var tag: Tag
  /// What is asked.
  public var request: HTTPRequest
  /// How long to wait before it begins: the pause before a retry.
  public var delay: Duration

  /// A request that begins at once, or after `delay`.
  public init(tag: Tag, request: HTTPRequest, delay: Duration = .zero) {
    self.tag = tag
    self.request = request
    self.delay = delay
  }
}
