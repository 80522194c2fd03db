internal import CFastCGI
internal import Glibc

/// Writes an answer as FastCGI records, or as it is.
///
/// libfcgi's writer copies into an 8 KiB buffer, so that a usual answer of ours would take two system calls
/// and a copy. We frame it ourselves, two fixed-size headers around the caller's bytes, and hand header,
/// content and the end of the request to the kernel in one call. An answer is rarely larger than the 64 KiB
/// of one record. Limits are in milliseconds.
enum AnswerWriter {
  /// The end of the output stream and of the request.
  private static let closingLength = Record.headerLength + Record.headerLength + 8

  /// Writes `FCGI_STDOUT` records and `FCGI_END_REQUEST`.
  /// - Returns: whether the peer took everything in time.
  static func write(
    _ head: [UInt8], _ content: [UInt8], to descriptor: Int32, requestID: Int32, within limit: Int32
  ) -> Bool {
    let deadline = Deadline.after(milliseconds: limit)
    let id = UInt16(truncatingIfNeeded: requestID)
    let total = head.count + content.count
    return head.withUnsafeBytes { head in
      content.withUnsafeBytes { content in
        var start = 0
        repeat {
          let end = min(start + Record.maximumContent, total)
          let padding = -(end - start) & 7
          let isLast = end == total
          let isSent = withUnsafeTemporaryAllocation(
            byteCount: Record.headerLength + 7 + Self.closingLength, alignment: 8
          ) { frame in
            frame.initializeMemory(as: UInt8.self, repeating: 0)
            putHeader(
              Record.Kind.standardOutput, id, length: end - start, padding: padding, into: frame, at: 0)
            var tail = Record.headerLength + padding
            if isLast { tail = putClosing(id, into: frame, at: tail) }
            return withUnsafeTemporaryAllocation(of: iovec.self, capacity: 4) { parts in
              parts.initialize(repeating: iovec())
              parts[0] = iovec(iov_base: frame.baseAddress, iov_len: Record.headerLength)
              parts[1] = part(of: head, start, end)
              parts[2] = part(of: content, start - head.count, end - head.count)
              parts[3] = iovec(
                iov_base: frame.baseAddress?.advanced(by: Record.headerLength),
                iov_len: tail - Record.headerLength)
              return send(parts, to: descriptor, until: deadline)
            }
          }
          guard isSent else { return false }
          start = end
        } while start < total
        return true
      }
    }
  }

  /// Writes the bytes as a CGI program does.
  static func write(_ head: [UInt8], _ content: [UInt8], to descriptor: Int32) -> Bool {
    writeAll(head, to: descriptor) && writeAll(content, to: descriptor)
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
  }

  // MARK: Framing

  private static func putHeader(
    _ type: UInt8, _ id: UInt16, length: Int, padding: Int, into frame: UnsafeMutableRawBufferPointer,
    at offset: Int
  ) {
    frame[offset] = Record.version
    frame[offset + 1] = type
    frame[offset + 2] = UInt8(id >> 8)
    frame[offset + 3] = UInt8(id & 0xff)
    frame[offset + 4] = UInt8(length >> 8)
    frame[offset + 5] = UInt8(length & 0xff)
    frame[offset + 6] = UInt8(padding)
  }

  /// An empty `FCGI_STDOUT` record and `FCGI_END_REQUEST`. Returns the offset behind them.
  private static func putClosing(_ id: UInt16, into frame: UnsafeMutableRawBufferPointer, at offset: Int)
    -> Int
  {
    putHeader(Record.Kind.standardOutput, id, length: 0, padding: 0, into: frame, at: offset)
    let end = offset + Record.headerLength
    putHeader(Record.Kind.endRequest, id, length: 8, padding: 0, into: frame, at: end)
    return end + Record.headerLength + 8
  }

  /// The part of `bytes` between two offsets, which may lie outside of it.
  private static func part(of bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> iovec {
    let lower = min(max(start, 0), bytes.count)
    let upper = min(max(end, lower), bytes.count)
    // The kernel only reads through this pointer.
    return iovec(
      iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress?.advanced(by: lower)),
      iov_len: upper - lower)
  }

  // MARK: Sending

  /// Hands all parts to the kernel; a peer that takes nothing for the connection's send timeout ends it, and
  /// so does one that only nibbles until the deadline.
  private static func send(
    _ parts: UnsafeMutableBufferPointer<iovec>, to descriptor: Int32, until deadline: Deadline
  ) -> Bool {
    var rest = parts[...]
    while true {
      while let first = rest.first, first.iov_len == 0 { rest.removeFirst() }
      if rest.isEmpty { return true }
      let remaining = UnsafeMutableBufferPointer(rebasing: rest)
      var sent = cfastcgi_send(descriptor, remaining.baseAddress, remaining.count)
      if sent < 0, errno == EINTR { continue }
      guard sent >= 0 else { return false }
      var index = rest.startIndex
      while sent > 0, index < rest.endIndex {
        let step = min(sent, rest[index].iov_len)
        rest[index].iov_base = rest[index].iov_base?.advanced(by: step)
        rest[index].iov_len -= step
        sent -= step
        index += 1
      }
      if rest.contains(where: { $0.iov_len > 0 }), deadline.isPast { return false }
    }
  }
}
