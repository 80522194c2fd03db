internal import CFastCGI
internal import Glibc
package import System

/// One request and the way to answer it, lent to the handler for the length of a call.
///
/// The same behind FastCGI and as a CGI program. Everything that comes out of it is a copy, or is lent to a
/// closure: libfcgi frees its memory at the end of the request.
package struct Exchange: ~Copyable {
  /// Where the request came from and the answer goes to.
  enum Channel {
    case fastCGI(UnsafeMutablePointer<FCGX_Request>, answerTo: Int32, isBodyTooLarge: Bool)
    case cgi(input: Int32, output: Int32)
  }
  /// How far the body was read: not at all, to its end, or not to its end and it must not be tried again.
  enum BodyState { case unread, atEnd, abandoned }
  /// Whether the peer has its answer.
  enum AnswerState { case none, sent, failed, postponed }
  /// What a slow peer has not taken: bytes, and behind them what is left of a file.
  struct Unsent {
    var bytes: [UInt8] = []
    var rest: FileRecords?
  }
  /// What `CONTENT_LENGTH` says.
  private enum Announcement {
    case bytes(Int)
    /// It is absent, empty, or -1, as Caddy has it for chunked bodies.
    case nothing
    case nonsense
  }

  private let parameters: ParameterList
  private let channel: Channel
  private let limits: Limits
  private var body = BodyState.unread
  /// Bytes of a refused CGI body that the web server still wants to get rid of.
  private var unwanted = 0
  private(set) var answer = AnswerState.none
  /// What a slow peer has not taken of it.
  private(set) var unsent = Unsent()
  /// The same request, where it has been here already.
  private let earlier: PostponedRequest?
  private let mayPostpone: () -> Bool
  /// Called once, with whether nothing of this request is left on the connection.
  private var onRelease: ((_ isClean: Bool, AnswerState, _ unsent: Unsent) -> Void)?

  init(
    parameters: ParameterList, channel: Channel, limits: Limits, earlier: PostponedRequest? = nil,
    mayPostpone: @escaping () -> Bool = { false },
    onRelease: @escaping (_ isClean: Bool, AnswerState, _ unsent: Unsent) -> Void = { _, _, _ in }
  ) {
    self.parameters = parameters
    self.channel = channel
    self.limits = limits
    self.earlier = earlier
    self.mayPostpone = mayPostpone
    self.onRelease = onRelease
  }

  // MARK: Parameters

  /// A parameter as text; the first one, where a name occurs twice.
  ///
  /// Bytes that are no UTF-8 appear as U+FFFD, so that a present parameter never looks absent. Where it
  /// matters, `forEachParameter` has the bytes. A value ends at its first NUL.
  package borrowing func parameter(_ name: StaticString) -> String? {
    parameters.value(of: name).map { String(cString: $0) }
  }

  /// Lends the bytes of every parameter's name and value, in the web server's order; nothing is copied. In a
  /// CGI program the rest of the environment is among them.
  package borrowing func forEachParameter(_ use: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) {
    parameters.forEach { name, value in use(name.span, value.span) }
  }

  // MARK: Body

  /// Reads the whole body, once; a second call finds it incomplete.
  /// - Parameter limit: in bytes. A body that announces more is not read at all.
  package mutating func readBody(limit: Int) -> RequestBody {
    guard body == .unread else { return .incomplete }
    body = .abandoned
    let result = readOnce(limit)
    if case .complete = result { body = .atEnd }
    return result
  }

  private mutating func readOnce(_ limit: Int) -> RequestBody {
    switch (announcement(), channel) {
    case (.nonsense, _): return .incomplete
    case (.bytes(let length), _) where length > limit:
      unwanted = length
      return .tooLarge
    case (.bytes(let length), .fastCGI(let request, _, let isTooLarge)):
      return isTooLarge ? .incomplete : BodyReader.read(length, from: request.pointee.in)
    case (.nothing, .fastCGI(let request, _, let isTooLarge)):
      return isTooLarge ? .tooLarge : BodyReader.readToEnd(of: request.pointee.in, limit: limit)
    case (.bytes(let length), .cgi(let input, _)):
      return BodyReader.read(length, from: input, within: limits.receive).map { .complete($0) } ?? .incomplete
    case (.nothing, .cgi):
      let isAnnounced = [
        parameters.value(of: "CONTENT_LENGTH"), parameters.value(of: "HTTP_TRANSFER_ENCODING"),
      ]
      .contains { $0.map { $0.pointee != 0 } ?? false }
      guard isAnnounced else { return .complete([]) }
      // Where the input ends tells nothing: it also ends when the client has gone.
      unwanted = .max
      return .lengthRequired
    }
  }

  /// Whether nothing of this request is left on the connection. A body that nobody asked for is left there;
  /// that there is none is found out here, which costs no system call, since it came with the parameters.
  mutating func isBodyAtEnd() -> Bool {
    if body == .unread { _ = readBody(limit: 0) }
    return body == .atEnd
  }

  /// `CONTENT_LENGTH` in its one spelling, digits without a leading zero.
  private func announcement() -> Announcement {
    guard let value = parameters.value(of: "CONTENT_LENGTH") else { return .nothing }
    let digits = ParameterList.bytes(value, count: strlen(value))
    guard let first = digits.first, !digits.elementsEqual("-1".utf8) else { return .nothing }
    let isCanonical =
      (first != UInt8(ascii: "0") || digits.count == 1)
      && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard isCanonical else { return .nonsense }
    // Too many digits for an integer announce too much for any limit.
    return .bytes(Int(String(decoding: digits, as: UTF8.self)) ?? .max)
  }

  // MARK: Answer

  /// Writes the answer and ends the request. Only the first call has an effect.
  /// - Parameters:
  ///   - head: header lines as CGI wants them, `Status:` first, each ended by CR LF, with the empty line at the end.
  ///   - content: what follows the header.
  /// - Returns: false where the web server went away, which concerns only this request. What it does not take at once
  ///   is sent without the caller.
  @discardableResult
  package mutating func write(_ head: [UInt8], _ content: [UInt8]) -> Bool {
    finish(
      fastCGI: { AnswerWriter.write(head, content, to: $0, requestID: $1) },
      cgi: { AnswerWriter.write(head, content, to: $0) })
  }

  /// The same with a file for what follows the header; it is read as it is sent.
  @discardableResult
  package mutating func write(_ head: [UInt8], _ file: FilePart) -> Bool {
    finish(
      fastCGI: { AnswerWriter.write(head, file, to: $0, requestID: $1) },
      cgi: { AnswerWriter.write(head, file, to: $0) })
  }

  private mutating func finish(
    fastCGI: (_ descriptor: Int32, _ requestID: Int32) -> AnswerWriter.Outcome,
    cgi: (_ descriptor: Int32) -> Bool
  ) -> Bool {
    guard answer == .none else { return false }
    answer = .sent
    switch channel {
    case .fastCGI(let request, let descriptor, _):
      switch fastCGI(descriptor, request.pointee.requestId) {
      case .sent: break
      case .unsent(let bytes, let rest): unsent = Unsent(bytes: bytes, rest: rest)
      case .failed: answer = .failed
      }
    case .cgi(let input, let output):
      if !cgi(output) { answer = .failed }
      drain(input)
    }
    return answer == .sent
  }

  /// A process that ends with unread input resets the connection behind it, and takes its own answer along
  /// (mod_cgid, from the first refused body on). So a refused body is read and thrown away, up to a megabyte.
  private func drain(_ input: Int32) {
    guard unwanted > 0 else { return }
    _ = BodyReader.read(min(unwanted, 1 << 20), from: input, within: limits.receive)
  }

  // MARK: Another time

  /// When it came first, where it has been postponed.
  package var firstCame: ContinuousClock.Instant? { earlier?.first }

  /// Lets it come to a handler once more after a while, without a thread meanwhile; each time the while is longer. Whatever
  /// is written now goes nowhere.
  /// - Returns: false where it must be answered now: as a CGI program, with a body, when it has waited long enough, and when
  ///   too many do already.
  package mutating func postpone() -> Bool {
    guard answer == .none, case .fastCGI(let request, _, _) = channel, mayPostpone(), isBodyAtEnd(),
      earlier.map({ ContinuousClock.now - $0.first < .milliseconds(Int(limits.postpone)) }) ?? true
    else { return false }
    switch announcement() {
    case .nothing, .bytes(0): break
    default: return false
    }
    answer = .postponed
    unsent = Unsent(
      bytes: PostponedRequest.framed(
        parameters, id: UInt16(truncatingIfNeeded: request.pointee.requestId),
        isConnectionKept: request.pointee.keepConnection != 0))
    return true
  }

  /// Lets go of the connection once the answer is written: whatever the handler does from here on, nobody waits for it.
  ///
  /// A web server that keeps connections may send its next request on this one; one that started a CGI program sees
  /// the end of its output.
  package mutating func release() {
    guard answer != .none, let onRelease else { return }
    self.onRelease = nil
    let isClean = isBodyAtEnd()
    body = .abandoned
    if case .cgi(let input, let output) = channel { Self.abandon(input, output) }
    onRelease(isClean, answer, unsent)
    unsent = Unsent()
  }

  /// Others read these pipes until every writer has closed them; the numbers stay taken, so that no file gets them.
  private static func abandon(_ input: Int32, _ output: Int32) {
    let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
    guard nowhere >= 0 else { return }
    dup2(nowhere, input)
    dup2(nowhere, output)
    if output == STDOUT_FILENO {
      // Apache waits for the end of this one, too, and then ends the program: at once with SIGTERM, 3 s later for good.
      dup2(nowhere, STDERR_FILENO)
      signal(SIGTERM, SIG_IGN)
    }
    close(nowhere)
  }

  /// Answers in the place of a handler that did not.
  mutating func answerIfNecessary() {
    guard answer == .none else { return }
    write(
      Array("Status: 500 Internal Server Error\r\nContent-Type: text/plain\r\n\r\n".utf8),
      Array("No answer.\n".utf8))
  }
}
