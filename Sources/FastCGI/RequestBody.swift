/// What came in as a request's body.
public enum RequestBody: Sendable, Equatable {
  /// All of it, exactly as many bytes as `CONTENT_LENGTH` says. A request without a body has an empty one.
  case complete([UInt8])
  /// More than the limit was announced; nothing of it was read.
  case tooLarge
  /// Shorter or longer than announced, aborted, or too slow: nothing may be done with a part of a body.
  case incomplete
}
