/// What came in as a request's body.
package enum RequestBody: Sendable, Equatable {
  /// All of it: exactly as many bytes as `CONTENT_LENGTH` says, or, where FastCGI announces none, all of the stream. A
  /// request without a body has an empty one.
  case complete([UInt8])
  /// More than the limit was announced, or came.
  case tooLarge
  /// Shorter or longer than announced: nothing may be done with a part of a body.
  case incomplete
  /// A CGI program was not told how long it is, and cannot know when it is whole.
  case lengthRequired
}
