package import Graph
package import Store

/// What the rooms throw, as answers: the lower half of the error table in API.md, section 1.

extension StoreError: Answerable {
  package var answer: (status: Int, logReason: String, detail: String) {
    switch self {
    case .conflict: (409, logReason, detail)
    case .unexpected: (500, logReason, detail)
    default: (503, logReason, detail)
    }
  }

  package var logReason: String {
    switch self {
    case .busy: "database_locked"
    case .full: "disk_full"
    case .readOnly: "database_read_only"
    case .damaged: "database_damaged"
    case .newer: "database_newer"
    case .notOurs: "database_not_ours"
    case .inputOutput: "database_input_output"
    case .cannotOpen: "database_not_opened"
    case .missing: "database_missing"
    case .lost: "database_lost"
    case .untrusted: "database_untrusted"
    case .cannotBackUp: "backup_not_written"
    case .outOfMemory: "database_out_of_memory"
    case .conflict: "user_stored_already"
    case .unreachable: "database_unreachable"
    case .unknown: "database_unknown"
    case .moved: "database_moved"
    case .unfit: "database_unfit"
    case .unexpected: "database_unexpected"
    }
  }

  package var cause: String? { self == .conflict ? nil : sentence }
  package var retryAfter: Int64? { status == 503 ? 5 : nil }
}

extension KeyRingError: Answerable {
  var answer: (status: Int, logReason: String, detail: String) { (503, logReason, detail) }
  var cause: String? { sentence }
  var retryAfter: Int64? { 60 }

  var logReason: String {
    switch self {
    case .missing: "key_missing"
    case .unreadable: "key_unreadable"
    case .unwritable: "key_unwritable"
    case .malformed: "key_malformed"
    case .empty: "key_empty"
    case .notText: "key_not_text"
    case .untrusted: "key_untrusted"
    case .none: "key_not_made"
    case .noRandomness: "key_no_randomness"
    }
  }
}

extension GraphFailure: Answerable {
  /// Seconds for which a token rests when Graph throttles it without saying for how long.
  static let throttleRest: Int64 = 60

  package var reason: String? { logReason }

  package var answer: (status: Int, logReason: String, detail: String) {
    switch kind {
    case .refused(let reason): (400, reason.rawValue, "Token expired or invalid")
    case .pageTokenRefused: (400, RefusalReason.invalid.rawValue, "Token expired or invalid")
    case .permissionMissing: (400, "permission_missing", "Token lacks a required permission")
    case .appRefused(let trouble): (503, "app_refused", trouble.sentence)
    case .unfit(.proof): (503, "app_refused", AppTrouble.credentials.sentence)
    case .unfit(let misfit): (400, "invalid", misfit.sentence)
    case .throttled:
      (429, "rate_limited", "Rate limit reached, try again in \(retryAfter ?? 0) seconds")
    case .timedOut: (504, "upstream_timeout", "Meta Graph API did not answer in time")
    case .notFound, .transient, .declined, .failed: (502, "upstream_error", "Meta Graph API error")
    }
  }

  package var retryAfter: Int64? {
    switch kind {
    case .throttled(let seconds): seconds ?? Self.throttleRest
    case .appRefused, .unfit(.proof): 60
    default: nil
    }
  }
}
