internal import Glibc
internal import System

/// Why the cache could not do something. A reader never sees one: what cannot be read is a miss.
package enum CacheError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The directory must not be used as it is; a person has to decide. The sentence says why.
  case refused(path: String, reason: String)
  /// A system call failed: full, read-only, over quota, out of descriptors.
  case failed(operation: String, path: String, errno: Int32)
  /// The body is larger than an entry or the whole cache may be.
  case tooLarge(bytes: Int, limit: Int)
  /// The ETag or the times cannot be kept as they are. The sentence says which.
  case invalid(String)
  /// There is no room left; the next sweep makes some.
  case full(maximumBytes: Int)
  /// Another process held the shard for a second; only a stopped or starved one does.
  case busy(path: String)

  /// Whether the same call can succeed later without anybody's help; then answer uncached and go on.
  package var mayPassByItself: Bool {
    switch self {
    case .refused, .tooLarge, .invalid: false
    case .busy, .full: true
    case .failed(_, _, let code):
      [ENOSPC, EDQUOT, EROFS, EMFILE, ENFILE, ENOMEM, EIO, EINTR, EAGAIN, ENOLCK, ESTALE, ENOENT].contains(
        code)
    }
  }

  /// A sentence for the log or the operator: what was tried, on what, what came back. No content.
  package var description: String {
    switch self {
    case .refused(let path, let reason): "cache directory \(path) \(reason)"
    case .failed(let operation, let path, let code):
      "cannot \(operation) \(path): \(String(cString: strerror(code))) (errno \(code))"
    case .tooLarge(let bytes, let limit): "a cache entry of \(bytes) bytes is over the limit of \(limit)"
    case .invalid(let sentence): sentence
    case .full(let bytes): "the cache holds the \(bytes) bytes that it may hold"
    case .busy(let path): "cache folder \(path) stayed locked for a second"
    }
  }
}

extension SystemError {
  func during(_ operation: String, _ path: String) -> CacheError {
    .failed(operation: operation, path: path, errno: code)
  }
}
