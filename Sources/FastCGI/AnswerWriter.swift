internal import CFastCGI
internal import Glibc
internal import System

/// Writes an answer as FastCGI records, or as it is.
///
/// libfcgi's writer copies into an 8 KiB buffer, so that a usual answer of ours would take two system calls
/// and a copy. We frame it ourselves, two fixed-size headers around the caller's bytes, and hand header,
/// content and the end of the request to the kernel in one call. An answer is rarely larger than the 64 KiB
/// of one record.
enum AnswerWriter {
  /// What became of an answer.
  enum Outcome {
    case sent
    /// The peer is gone.
    case failed
    /// The peer takes its time: these bytes are still to be sent, and then what is left of a file.
    case unsent([UInt8], FileRecords? = nil)
  }

  /// Writes `FCGI_STDOUT` records and `FCGI_END_REQUEST`.
  static func write(
    _ head: [UInt8], _ content: [UInt8], to descriptor: Int32, requestID: Int32
  ) -> Outcome {
    let id = UInt16(truncatingIfNeeded: requestID)
    let total = head.count + content.count
    return head.withUnsafeBytes { head in
      content.withUnsafeBytes { content in
        var start = 0
        repeat {
          let end = min(start + Record.maximumContent, total)
          let padding = -(end - start) & 7
          let isLast = end == total
          let outcome = withUnsafeTemporaryAllocation(
            byteCount: Record.headerLength + 7 + Record.closingLength, alignment: 8
          ) { frame in
            frame.initializeMemory(as: UInt8.self, repeating: 0)
            Record.putHeader(
              Record.Kind.standardOutput, id, length: end - start, padding: padding, into: frame, at: 0)
            var tail = Record.headerLength + padding
            if isLast { tail = Record.putClosing(id, into: frame, at: tail) }
            return withUnsafeTemporaryAllocation(of: iovec.self, capacity: 4) { parts in
              parts.initialize(repeating: iovec())
              parts[0] = iovec(iov_base: frame.baseAddress, iov_len: Record.headerLength)
              parts[1] = part(of: head, start, end)
              parts[2] = part(of: content, start - head.count, end - head.count)
              parts[3] = iovec(
                iov_base: frame.baseAddress?.advanced(by: Record.headerLength),
                iov_len: tail - Record.headerLength)
              return send(parts, to: descriptor)
            }
          }
          switch outcome {
          case .sent: start = end
          case .failed: return .failed
          case .unsent(let rest, _):
            let later = Array(head.dropFirst(end)) + content.dropFirst(max(0, end - head.count))
            return .unsent(isLast ? rest : rest + closed(id, later))
          }
        } while start < total
        return .sent
      }
    }
  }

  /// The same with a file for content.
  static func write(
    _ head: [UInt8], _ file: FilePart, to descriptor: Int32, requestID: Int32
  ) -> Outcome {
    var records = FileRecords(head, file, id: UInt16(truncatingIfNeeded: requestID))
    return FileRoom.lend { room in
      while true {
        guard let count = try? records.next(into: room) else { return .failed }
        if count == 0 { return .sent }
        let outcome = withUnsafeTemporaryAllocation(of: iovec.self, capacity: 1) { parts in
          parts[0] = iovec(iov_base: room.baseAddress, iov_len: count)
          return send(parts, to: descriptor)
        }
        switch outcome {
        case .sent: continue
        case .failed: return .failed
        case .unsent(let rest, _): return .unsent(rest, records)
        }
      }
    }
  }

  /// The same as a CGI program does.
  static func write(_ head: [UInt8], _ file: FilePart, to descriptor: Int32) -> Bool {
    guard writeAll(head, to: descriptor) else { return false }
    var sent = 0
    while sent < file.count {
      guard let bytes = try? file.bytes(from: sent, atMost: 1 << 16), writeAll(bytes, to: descriptor) else {
        return false
      }
      sent += bytes.count
    }
    return true
  }

  /// Writes the bytes as a CGI program does.
  static func write(_ head: [UInt8], _ content: [UInt8], to descriptor: Int32) -> Bool {
    writeAll(head, to: descriptor) && writeAll(content, to: descriptor)
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    (try? Descriptor.write(bytes, to: descriptor)) != nil
  }

  // MARK: Framing

  /// The last records of an answer.
  static func closed(_ id: UInt16, _ content: [UInt8]) -> [UInt8] {
    Record.stream(Record.Kind.standardOutput, id, content)
      + Record.record(Record.Kind.standardOutput, id, []) + Record.end(id, Record.Status.complete)
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

  /// Hands all parts to the kernel, which takes what it has room for.
  private static func send(_ parts: UnsafeMutableBufferPointer<iovec>, to descriptor: Int32) -> Outcome {
    while true {
      var sent = cfastcgi_send(descriptor, parts.baseAddress, parts.count)
      if sent < 0, errno == EINTR { continue }
      if sent < 0, errno == EAGAIN { sent = 0 }
      guard sent >= 0 else { return .failed }
      if sent == parts.reduce(0, { $0 + $1.iov_len }) { return .sent }
      var unsent: [UInt8] = []
      for part in parts {
        let step = min(sent, part.iov_len)
        unsent += UnsafeRawBufferPointer(start: part.iov_base, count: part.iov_len).dropFirst(step)
        sent -= step
      }
      return .unsent(unsent)
    }
  }
}
