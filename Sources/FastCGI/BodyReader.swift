internal import CFastCGI
internal import Glibc
internal import System

/// Reads exactly as many bytes as were announced, or says that they are not there.
enum BodyReader {
  /// Reads a FastCGI request's body to the end of its stream.
  ///
  /// `FCGX_GetStr` would return less after an error without saying so. So the body is there only if the stream ended
  /// after exactly `count` bytes and without an error: a body that is longer is none either.
  static func read(_ count: Int, from stream: UnsafeMutablePointer<FCGX_Stream>?) -> RequestBody {
    guard let stream else { return .incomplete }
    let body = content(count, from: stream)
    return body.count == count && isAtEnd(stream) ? .complete(body) : .incomplete
  }

  /// Reads a FastCGI request's body of any length up to the limit. The end of the stream is a record of its own, so that
  /// a body that was cut off does not look whole.
  static func readToEnd(of stream: UnsafeMutablePointer<FCGX_Stream>?, limit: Int) -> RequestBody {
    guard let stream else { return .incomplete }
    if isAtEnd(stream) { return .complete([]) }
    let body = content(limit + 1, from: stream)
    if body.count > limit { return .tooLarge }
    return isAtEnd(stream) ? .complete(body) : .incomplete
  }

  private static func isAtEnd(_ stream: UnsafeMutablePointer<FCGX_Stream>) -> Bool {
    let byte = FCGX_GetChar(stream)
    guard byte == EOF else {
      FCGX_UnGetChar(byte, stream)
      return false
    }
    return FCGX_GetError(stream) == 0
  }

  private static func content(_ count: Int, from stream: UnsafeMutablePointer<FCGX_Stream>) -> [UInt8] {
    guard count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      guard let start = buffer.baseAddress else { return }
      let length = Int32(clamping: count)
      filled = Int(
        UnsafeMutableRawPointer(start).withMemoryRebound(to: CChar.self, capacity: count) {
          FCGX_GetStr($0, length, stream)
        })
    }
  }

  /// Reads a CGI request's body, within so many milliseconds. The standard forbids reading further: the descriptor may never end.
  static func read(_ count: Int, from descriptor: Int32, within limit: Int32) -> [UInt8]? {
    let deadline = Deadline.after(milliseconds: limit)
    let body = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&wait, 1, deadline.remainingMilliseconds)
        if ready < 0, errno == EINTR { continue }
        guard ready > 0 else { return }
        let step = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled)
        if step < 0, errno == EINTR { continue }
        guard step > 0 else { return }
        filled += step
      }
    }
    return body.count == count ? body : nil
  }
}
