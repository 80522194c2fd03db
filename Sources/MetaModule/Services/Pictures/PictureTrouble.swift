internal import Graph
internal import HTTPClient

/// Why there is no picture. The raw value is the log's word, and what those who wait for a fetch are told.
enum PictureTrouble: String, Answerable {
  /// An address that is none of ours, or of a medium that nobody shows any more.
  case unknown = "picture_unknown"
  /// Meta does not have it any more.
  case gone = "picture_gone"
  /// Graph gave an address for it that we do not fetch from.
  case refused = "picture_address_refused"
  case notAPicture = "picture_of_no_known_type"
  case failed = "picture_not_had"
  case timedOut = "picture_not_in_time"
  case crowded = "too_many_pictures"

  var answer: (status: Int, logReason: String, detail: String) {
    switch self {
    case .unknown: (404, rawValue, "Not found.")
    case .gone: (404, rawValue, "This picture is gone at Meta.")
    case .refused:
      (502, rawValue, "Meta's Graph API gave an address for this picture that is none of Meta's.")
    case .notAPicture: (415, rawValue, "What Meta has for this medium is no JPEG, PNG or WebP picture.")
    case .failed: (502, rawValue, "The picture could not be had from Meta.")
    case .timedOut: (504, rawValue, "Meta did not send the picture in time.")
    case .crowded: (503, rawValue, "Too many pictures are being fetched at the moment: try again.")
    }
  }

  var retryAfter: Int64? { self == .crowded ? 2 : nil }

  /// A browser does not ask again for a picture that it did not get.
  var passesSoon: Bool { self == .crowded }

  /// Seconds for which nobody tries again.
  var rest: Int64 {
    switch self {
    case .gone: 60
    case .notAPicture, .refused: 300
    case .failed, .timedOut: 10
    case .unknown, .crowded: 0
    }
  }

  init(_ error: TransferError) {
    switch error {
    case .timedOut: self = .timedOut
    case .forbidden: self = .refused
    default: self = .failed
    }
  }

  /// A visitor of a client's site is not told how it stands with our tokens.
  init(_ failure: GraphFailure) {
    switch failure.kind {
    case .notFound: self = .gone
    case .timedOut: self = .timedOut
    // "Unsupported get request": it does not exist, or not for this token.
    case .failed where failure.code == 100: self = .gone
    default: self = .failed
    }
  }
}
