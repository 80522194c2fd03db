/// Reads the records of one request as they come, in pieces of any size, and tells when all of them are there.
///
/// libfcgi reads from the socket when somebody wants the bytes, so that a slow peer holds the thread that reads; and some
/// records end its process: `FCGI_GET_VALUES` with many names overruns its buffer, and it allocates whatever length a
/// parameter claims. So nothing reaches it, and no thread is given to a request, before this has seen the request whole
/// and found nothing but the records that a web server sends for it. It stays the responder, as the customer wants it:
/// parameters, body and its errors are read by libfcgi.
///
/// A pure function over bytes: no socket, no clock. `outcome(of:inPieces:)` is its whole behaviour for a fuzzer.
package struct RequestScanner {
  /// How far the request is.
  package enum Progress: Equatable, Sendable {
    /// So far it is the beginning of a request.
    case unfinished
    /// It is whole.
    case complete
    /// Its body is longer than is ever taken; the rest has not been looked at.
    case bodyTooLarge
    /// It will never be one for us. Where there is something to say about that, it is in `replies`.
    case refused
  }

  /// What became of some bytes.
  package struct Outcome: Equatable, Sendable {
    /// How far the request is.
    package let progress: Progress
    /// How many of the bytes belong to a whole one.
    package let taken: Int
    /// What the peer is told.
    package let replies: [UInt8]
    /// What libfcgi is given, where it is whole.
    package let framed: [UInt8]
  }

  private enum Section { case beginning, parameters, body }
  private enum Content { case beginning, parameters, body, foreign }

  /// How many bytes of parameters a request may have. nginx takes 32 KiB of headers and sends some of them twice.
  package static let parameterLimit = 128 << 10

  /// How far it is.
  package private(set) var progress = Progress.unfinished
  /// The contents of both streams, if they are to be kept.
  private(set) var parameters: [UInt8] = []
  private(set) var body: [UInt8] = []
  /// Records for the peer: answers to what is no part of the request, and why it was refused.
  package var replies: [UInt8] = []
  /// There were only the request's own records: libfcgi may read them as they came.
  package private(set) var isPlain = true

  private let bodyLimit: Int
  private let isKeeping: Bool
  private var id: UInt16 = 0
  private var isConnectionKept = false
  private var section = Section.beginning

  // The record that is being read.
  private var header: UInt64 = 0
  private var headerBytes = 0
  private var contentLeft = 0
  private var paddingLeft = 0
  private var content = Content.foreign
  private var isLast = false

  private var beginning: UInt64 = 0
  private var check = ParameterCheck(limit: Self.parameterLimit)
  private var parameterCount = 0
  private var bodyCount = 0

  /// - Parameters:
  ///   - bodyLimit: in bytes.
  ///   - isKeeping: whether the contents are kept, or only looked at.
  package init(bodyLimit: Int, isKeeping: Bool) {
    self.bodyLimit = bodyLimit
    self.isKeeping = isKeeping
  }

  /// Takes the next bytes.
  /// - Returns: how many of them belong to the request; fewer than all when it is not `unfinished` any longer.
  package mutating func take(_ bytes: UnsafeRawBufferPointer) -> Int {
    var index = 0
    while progress == .unfinished, index < bytes.count {
      if contentLeft > 0 {
        let part = UnsafeRawBufferPointer(rebasing: bytes[index..<min(index + contentLeft, bytes.count)])
        index += part.count
        contentLeft -= part.count
        takeContent(part)
      } else if paddingLeft > 0 {
        let step = min(paddingLeft, bytes.count - index)
        index += step
        paddingLeft -= step
      } else if headerBytes == 0, bytes.count - index >= Record.headerLength, bytes[index] == Record.version {
        header = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        index += Record.headerLength
        takeHeader()
      } else {
        header = header << 8 | UInt64(bytes[index])
        headerBytes += 1
        index += 1
        // Who speaks something else is known by its first byte.
        if headerBytes == 1, header & 0xff != UInt64(Record.version) { refuse() }
        if headerBytes == Record.headerLength {
          headerBytes = 0
          takeHeader()
        }
      }
      if isLast, contentLeft == 0, paddingLeft == 0, progress == .unfinished { progress = .complete }
    }
    return index
  }

  private mutating func takeHeader() {
    let kind = UInt8(truncatingIfNeeded: header >> 48)
    let recordID = UInt16(truncatingIfNeeded: header >> 32)
    contentLeft = Int(header >> 16 & 0xffff)
    paddingLeft = Int(header >> 8 & 0xff)
    content = .foreign
    if recordID == 0 { return takeManagementHeader(kind) }
    guard section != .beginning else {
      guard kind == Record.Kind.beginRequest, contentLeft == 8 else { return refuse() }
      id = recordID
      content = .beginning
      return
    }
    guard recordID == id else {
      // Another request on the same connection: we take one at a time.
      isPlain = false
      if kind == Record.Kind.beginRequest { replies += Record.end(recordID, Record.Status.cannotMultiplex) }
      return
    }
    switch (section, kind) {
    case (.parameters, Record.Kind.parameters):
      content = .parameters
      parameterCount += contentLeft
      if parameterCount > Self.parameterLimit { return refuseParameters() }
      guard contentLeft == 0 else { return }
      guard check.isBetweenPairs else { return refuse() }
      section = .body
    case (.body, Record.Kind.standardInput):
      content = .body
      bodyCount += contentLeft
      if bodyCount > bodyLimit { progress = .bodyTooLarge }
      isLast = contentLeft == 0
    case (_, Record.Kind.abortRequest):
      // Nothing has begun yet, so nothing is to be undone.
      refuse(Record.end(id, Record.Status.complete))
    default: refuse()
    }
  }

  /// What a web server asks about the program, not about a request. We are told of none that does.
  private mutating func takeManagementHeader(_ kind: UInt8) {
    isPlain = false
    guard kind >= Record.Kind.getValues else { return refuse() }
    // "One request at a time on a connection" is the only value that we have to tell, whatever else is asked for.
    let name = Array("FCGI_MPXS_CONNS".utf8)
    replies +=
      kind == Record.Kind.getValues
      ? Record.record(Record.Kind.getValuesResult, 0, [UInt8(name.count), 1] + name + [UInt8(ascii: "0")])
      : Record.record(Record.Kind.unknownType, 0, [kind, 0, 0, 0, 0, 0, 0, 0])
  }

  private mutating func takeContent(_ part: UnsafeRawBufferPointer) {
    switch content {
    case .foreign: break
    case .beginning:
      for byte in part { beginning = beginning << 8 | UInt64(byte) }
      guard contentLeft == 0 else { return }
      isConnectionKept = beginning >> 40 & 1 == 1
      section = .parameters
      if UInt16(truncatingIfNeeded: beginning >> 48) != Record.responder {
        refuse(Record.end(id, Record.Status.unknownRole))
      }
    case .parameters:
      guard check.take(part) else { return refuseParameters() }
      if isKeeping { parameters += part }
    case .body: if isKeeping { body += part }
    }
  }

  private mutating func refuse(_ reply: [UInt8] = []) {
    replies += reply
    progress = .refused
  }

  private mutating func refuseParameters() {
    let answer =
      "Status: 431 Request Header Fields Too Large\r\nContent-Type: application/json\r\n"
      + "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
      + #"{"detail":"Request header fields too large."}"#
    refuse(
      AnswerWriter.closed(id, Array(answer.utf8)))
  }

  /// The request once more, from what was kept: its own records, without padding.
  var framed: [UInt8] {
    // Where the body is too large libfcgi finds that it does not end.
    Record.request(
      id, isConnectionKept: isConnectionKept, parameters: parameters, body: body,
      isWhole: progress == .complete)
  }

  /// What becomes of bytes that arrive in pieces of `size` bytes: for tests and the fuzzer. The same for every size; and
  /// what is handed to libfcgi in its place is plain and complete itself.
  package static func outcome(
    of bytes: [UInt8], inPieces size: Int, bodyLimit: Int = 65536
  ) -> Outcome {
    var scanner = RequestScanner(bodyLimit: bodyLimit, isKeeping: true)
    var taken = 0
    bytes.withUnsafeBytes { bytes in
      while scanner.progress == .unfinished, taken < bytes.count {
        let piece = bytes[taken..<min(taken + max(1, size), bytes.count)]
        taken += scanner.take(UnsafeRawBufferPointer(rebasing: piece))
      }
    }
    return Outcome(
      progress: scanner.progress, taken: scanner.progress == .complete ? taken : 0, replies: scanner.replies,
      framed: scanner.progress == .complete ? scanner.framed : [])
  }
}
