/// One call that a simulator answered.
package struct CallRecord: Sendable, Equatable {
  /// Counts from 1 since the start, not since the log was cleared.
  package var number: Int
  /// `GET`, `POST`.
  package var method: String
  /// The path without the version.
  package var path: String
  /// What the call was about.
  package var endpoint: Endpoint
  /// The query, decoded; tokens, secrets and proofs replaced by `…`.
  package var query: [String: String]
  /// The fields of the form, likewise.
  package var form: [String: String]
  /// The label of the token, `label/page-id` for a Page token; `nil` for none or an unknown one.
  package var tokenLabel: String?
  /// How the token was sent: `header`, `query`, `form` or `none`.
  package var tokenPlace: String
  /// Whether an `appsecret_proof` came along.
  package var hasProof: Bool
  /// The status of the answer; 0 where the connection was reset or left hanging.
  package var status: Int
  /// Milliseconds since 1970, at arrival.
  package var time: Int
  /// The `User-Agent` header.
  package var userAgent: String?
  /// The `Accept-Encoding` header.
  package var acceptEncoding: String?
}
