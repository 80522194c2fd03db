internal import CFastCGI
internal import Glibc

/// Reads exactly as many bytes as were announced, or says that they are not there. Limits are in
/// milliseconds.
enum BodyReader {
  /// Reads a FastCGI request's body to the end of its stream.
  ///
  /// `FCGX_GetStr` would return less after an abort or a lost connection without saying so, and would wait as
  /// long as single bytes trickle in. So: bytes are taken buffer by buffer, against a clock, and the body is
  /// there only if the stream ended after exactly `count` bytes and without an error.
  static func read(_ count: Int, from stream: UnsafeMutablePointer<FCGX_Stream>?, within limit: Int32)
    -> [UInt8]?
  {
    guard let stream else { return nil }
    // The end must be seen, not assumed: it is a record of its own, and whatever stays unread of this request
    // would be taken for the next one on a connection that is kept.
    let body = count == 0 ? [] : content(count, from: stream, within: limit)
    guard body.count == count, FCGX_GetChar(stream) == EOF, FCGX_GetError(stream) == 0 else { return nil }
    return body
  }

  private static func content(
    _ count: Int, from stream: UnsafeMutablePointer<FCGX_Stream>, within limit: Int32
  ) -> [UInt8] {
    let deadline = Deadline.after(milliseconds: limit)
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count, let start = buffer.baseAddress {
        let available = stream.pointee.stop - stream.pointee.rdNext
        if available > 0 {
          let step = min(available, count - filled)
          filled += Int(
            UnsafeMutableRawPointer(start + filled).withMemoryRebound(to: CChar.self, capacity: step) {
              FCGX_GetStr($0, Int32(step), stream)
            })
        } else {
          // Fills libfcgi's buffer with the next record's content, or finds the end.
          guard !deadline.isPast, let byte = UInt8(exactly: FCGX_GetChar(stream)) else { return }
          start[filled] = byte
          filled += 1
        }
      }
    }
  }

  /// Reads a CGI request's body. The standard forbids reading further: the descriptor may never end.
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
