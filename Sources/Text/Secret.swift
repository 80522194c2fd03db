/// A Meta token, an app secret or a key on its way through the program.
///
/// Not `Encodable` on purpose: an endpoint that puts a token into its JSON does not compile.
package struct Secret: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  private let value: String

  package init(_ value: String) { self.value = value }

  /// The value itself. Searching for this name lists every use.
  package func revealed() -> String { value }

  /// Never the value: a secret in a log line or an error reads `<redacted>`.
  package var description: String { "<redacted>" }

  /// Empty, so that `dump()` stays silent too.
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}
