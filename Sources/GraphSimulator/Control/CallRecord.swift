/// One call that a simulator answered.
public struct CallRecord: Sendable, Equatable {
  /// Counts from 1 since the start, not since the log was cleared.
  public var number: Int
  /// `GET`, `POST`.
  public var method: String
  /// The path without the version.
  public var path: String
  /// What the call was about.
  public var endpoint: Endpoint
  /// The query, decoded; tokens, secrets and proofs replaced by `…`.
  public var query: [String: String]
  /// The fields of the form, likewise.
  public var form: [String: String]
  /// The label of the token, `label/page-id` for a Page token; `nil` for none or an unknown one.
  public var tokenLabel: String?
  /// How the token was sent: `header`, `query`, `form` or `none`.
  public var tokenPlace: String
  /// Whether an `appsecret_proof` came along.
  public var hasProof: Bool
  /// The status of the answer; 0 where the connection was reset or left hanging.
  public var status: Int
  /// Milliseconds since 1970, at arrival.
  public var time: Int
  /// The `User-Agent` header.
  public var userAgent: String?
  /// The `Accept-Encoding` header.
  public var acceptEncoding: String?
}
