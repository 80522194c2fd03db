/// A whole answer: nothing of a body that broke off or grew too large ever becomes one.
///
/// One gap remains: a body with neither length nor chunks, which ends where the connection ends, may have been
/// cut short, and libcurl with OpenSSL 3 does not tell, not even over TLS. Half a JSON object does not parse.
package struct HTTPReply: Sendable {
  /// Three digits, from 200. Redirects are answers too; they are not followed.
  package let status: Int
  /// Without those of interim (1xx) answers and trailers.
  package let headers: HeaderList
  /// Decompressed; at most ``ClientOptions/maximumBodyBytes``.
  package let body: [UInt8]
  /// Kept as long as the reply is.
  let pass: LargeReplies.Pass?
}

extension HTTPReply: CustomStringConvertible, CustomReflectable {
  /// Status and size; never the text, which can hold tokens.
  package var description: String { "\(status), \(body.count) bytes" }

  /// Empty, so that `dump()` stays silent too.
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
