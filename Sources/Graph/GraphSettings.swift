internal import Text

/// Where and how patiently Graph is asked.
package struct GraphSettings: Sendable {
  /// `https://graph.facebook.com`, without a slash at its end.
  package let url: String
  package let version: String
  package let timeout: Int64
  package let retries: Int
  /// Milliseconds that the first wait lasts; each further one is twice as long.
  package let backoffUnit: Int64
  /// Adds `appsecret_proof` to each call.
  package let app: MetaApp?

  package init(
    url: String, version: String, timeout: Int64, retries: Int, backoffUnit: Int64, app: MetaApp?
  ) {
    self.url = url
    self.version = version
    self.timeout = timeout
    self.retries = retries
    self.backoffUnit = backoffUnit
    self.app = app
  }
}

/// Keeps the outcomes of calls in mind, and says when nothing is to be repeated.
package protocol Breaker {
  var isOpen: Bool { get }
  func note(_ failure: GraphFailure?)
}
