/// A request among many, with the caller's own mark.
package struct Transfer<Tag: Sendable>: Sendable {
  /// Comes back with the result, so that the caller knows whose it is.
  package var tag: Tag
  package var request: HTTPRequest
  /// How long to wait before it begins: the pause before a retry.
  package var delay: Duration

  package init(tag: Tag, request: HTTPRequest, delay: Duration = .zero) {
    self.tag = tag
    self.request = request
    self.delay = delay
  }
}
