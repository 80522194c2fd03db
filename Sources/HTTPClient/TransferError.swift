internal import CCurl
internal import Glibc

/// Why there is no answer.
///
/// The cases are what a caller can act upon. libcurl's own text is never kept: it may quote the URL, and with
/// it a secret.
package enum TransferError: Error, Sendable, Equatable {
  /// libcurl is not on this host or too old; the sentence says which.
  case unavailable(String)
  /// The host's name has no address, or no name server answered.
  case unresolved
  /// No connection: nobody listens, no route, or no socket left.
  case refused
  /// The request's timeout or the deadline of all requests has passed.
  case timedOut
  /// The certificate is not trusted, not valid, or of another host; or the file of certificates is unreadable.
  case tls
  /// The answer's body, or its header, has more bytes than that.
  case tooLarge(limit: Int)
  /// As many large answers as may be there at once were there already.
  case crowded
  /// The connection ended before the answer did, or what came is not HTTP.
  case broken
  /// The request has a forbidden byte, a wrong scheme or a body where there is none.
  case invalidRequest
  /// The host's name leads to an address that may not be connected to.
  case forbidden
  /// The descriptor does not take the answer; the system's number for why.
  case notTaken(errno: Int32)
  /// No memory for another transfer.
  case outOfMemory

  /// Whether the same request can succeed a moment later. Not after a timeout: the time to wait is used up.
  package var mayRetry: Bool {
    switch self {
    case .unresolved, .refused, .crowded, .broken: true
    case .unavailable, .timedOut, .tls, .tooLarge, .invalidRequest, .forbidden, .notTaken, .outOfMemory: false
    }
  }
}

extension TransferError: CustomStringConvertible {
  /// A sentence for a log line or an operator; never holds a URL.
  package var description: String {
    switch self {
    case .unavailable(let reason): reason
    case .unresolved: "The host's name could not be resolved."
    case .refused: "No connection to the host could be made."
    case .timedOut: "There was no whole answer in time."
    case .tls: "The host's certificate could not be verified."
    case .tooLarge(let limit): "The answer is larger than \(limit) bytes."
    case .crowded: "Too many large answers came at once."
    case .broken: "The connection broke off, or the answer is not HTTP."
    case .invalidRequest: "The request is not one that can be sent."
    case .forbidden: "The host's address is none that may be asked."
    case .notTaken(let errno): "The answer could not be written: \(String(cString: strerror(errno)))."
    case .outOfMemory: "There is not enough memory for the transfer."
    }
  }
}

extension TransferError {
  /// Translates libcurl's result; `nil` for success.
  init?(_ code: CURLcode) {
    switch code {
    case CURLE_OK: return nil
    case CURLE_OPERATION_TIMEDOUT: self = .timedOut
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .unresolved
    case CURLE_COULDNT_CONNECT: self = .refused
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR,
      CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER:
      self = .tls
    case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_UNKNOWN_OPTION: self = .invalidRequest
    case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: self = .outOfMemory
    // Among the rest: reset, truncated, empty, wrong framing, and CURLE_SSL_CONNECT_ERROR, which is what a
    // connection reset during the TLS handshake gives: a dropped connection, not a wrong certificate.
    default: self = .broken
    }
  }
}
