internal import Graph

/// A leader's failure as a note to those who waited for it, so that Graph is not asked once more by each of them.
extension GraphFailure {
  static let timedOut = GraphFailure(Kind.timedOut)

  /// `nil` for a token that is none for us, which only this request can tell.
  var note: String? {
    switch kind {
    case .unfit(.proof): "app_refused \(AppTrouble.credentials.rawValue)"
    case .unfit: nil
    case .appRefused(let trouble): "app_refused \(trouble.rawValue)"
    case .refused, .pageTokenRefused: "token_refused \(logReason)"
    case .throttled: "rate_limited \(retryAfter ?? Self.throttleRest)"
    default: logReason
    }
  }

  init(note: [UInt8]) {
    let parts = String(decoding: note, as: UTF8.self).split(separator: " ", maxSplits: 1).map(String.init)
    let told = parts.count > 1 ? parts[1] : ""
    switch parts.first {
    case "token_refused": self.init(.refused(RefusalReason(rawValue: told) ?? .invalid))
    case "permission_missing": self.init(.permissionMissing)
    case "rate_limited": self.init(.throttled(seconds: Int64(told)))
    case "upstream_timeout": self = .timedOut
    case "app_refused": self.init(.appRefused(AppTrouble(rawValue: told) ?? .credentials))
    default: self.init(.failed)
    }
  }

  /// Graph throttles, fails, does not answer, or refuses our app: its last word stands a while longer.
  var mayBeCoveredByStale: Bool {
    switch kind {
    case .refused, .pageTokenRefused, .permissionMissing: false
    case .unfit(let misfit): misfit == .proof
    case .throttled, .timedOut, .appRefused, .notFound, .transient, .declined, .failed: true
    }
  }
}
