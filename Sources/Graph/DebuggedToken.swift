package import JSON
package import Text

/// What Graph knows of a token, from `/debug_token` (Facebook Login, "Debugging tokens").
package struct DebuggedToken {
  /// `USER`, `PAGE`, `APP`, `SYSTEM_USER`; absent for a token that is no good.
  package let type: String?
  /// The app that the token was made for.
  let appID: String?
  package let isValid: Bool
  /// `nil`: never, which Graph writes as 0.
  package let expiresAt: Timestamp?
  /// About 90 days after the last use; afterwards calls for data fail though the token itself is not expired.
  package let dataAccessExpiresAt: Timestamp?
  package let scopes: [String]?
  private let refusal: RefusalReason?

  /// An invalid token is told with HTTP 200, and with `subcode` instead of `error_subcode`.
  package init(_ value: JSONValue) throws(GraphFailure) {
    guard let data = value["data"], data.object != nil, let isValid = data["is_valid"]?.bool else {
      throw GraphFailure(.failed)
    }
    self.isValid = isValid
    type = data["type"]?.string
    appID = data["app_id"]?.graphID
    expiresAt = Self.moment(data["expires_at"])
    dataAccessExpiresAt = Self.moment(data["data_access_expires_at"])
    scopes = data["scopes"]?.array.map { scopes in
      // A scope is a word; whatever else stood there would break the list that is stored.
      scopes.compactMap(\.string).filter { !$0.isEmpty && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
    }
    refusal = isValid ? nil : Self.reason(data["error"]?["subcode"]?.int64)
  }

  /// The one place that says what this means for the token: that it can be used, or why not.
  ///
  /// - Throws: `.refused` where Graph calls the token itself invalid, `.unfit` where it is none for us.
  package func judged(by app: MetaApp?) throws(GraphFailure) -> DebuggedToken {
    if let appID, let app, appID != app.id { throw GraphFailure(.unfit(.otherApp)) }
    if let refusal { throw GraphFailure(.refused(refusal)) }
    switch type {
    case "PAGE": throw GraphFailure(.unfit(.page))
    case "APP": throw GraphFailure(.unfit(.app))
    default: return self
    }
  }

  package var isSystemUser: Bool { type == "SYSTEM_USER" }

  private static func moment(_ value: JSONValue?) -> Timestamp? {
    guard let seconds = value?.int64, seconds > 0, seconds < 253_402_300_800 else { return nil }
    return Timestamp(seconds: seconds)
  }

  private static func reason(_ subcode: Int64?) -> RefusalReason {
    if case .refused(let reason) = GraphFailure.refusal(subcode: subcode, message: "") { return reason }
    return .invalid
  }
}
