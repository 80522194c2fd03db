internal import CCurl

/// libcurl's handle of one transfer with the answer it is getting; used again for later transfers.
///
/// A class and not a `~Copyable` struct because libcurl keeps a pointer to it while the transfer runs: it must
/// not move. `MultiHandle` alone makes and holds it.
final class EasyHandle {
  let curl: OpaquePointer
  private var collector = ReplyCollector(maximumBodyBytes: 0)
  private var headers: UnsafeMutablePointer<curl_slist>?
  /// Its address is libcurl's.
  private let leash = UnsafeMutablePointer<ccurl_leash>.allocate(capacity: 1)

  init() throws(TransferError) {
    guard let curl = ccurl_easy_new() else {
      leash.deallocate()
      throw .outOfMemory
    }
    self.curl = curl
    leash.initialize(to: ccurl_leash())
  }

  deinit {
    ccurl_easy_free(curl)
    leash.deallocate()
    ccurl_slist_free(headers)
  }

  /// Sets everything; the handle is new or cleared, so that nothing of an earlier request can go along.
  func prepare(_ request: HTTPRequest, timeout: Duration, options: ClientOptions) throws(TransferError) {
    guard request.isValid else { throw .invalidRequest }
    try Self.check(ccurl_set_policy(curl))
    collector = ReplyCollector(
      maximumBodyBytes: options.maximumBodyBytes, largeReplies: options.largeReplies, into: request.sink)
    leash.pointee = ccurl_leash(reach: options.reach.code, pulled: false)
    try Self.check(ccurl_set_leash(curl, leash))
    try setHeaders(of: request)
    try setMethod(of: request)
    try Self.check(ccurl_set_url(curl, request.url))
    try Self.check(ccurl_set_user_agent(curl, options.userAgent))
    if let caFile = options.caFile { try Self.check(ccurl_set_ca_file(curl, caFile)) }
    try Self.check(ccurl_set_timeout_ms(curl, timeout.milliseconds))
    try Self.check(ccurl_set_connect_timeout_ms(curl, min(timeout, options.connectTimeout).milliseconds))
    try Self.check(
      ccurl_set_receivers(
        curl,
        { bytes, _, count, context in
          EasyHandle.receive(bytes, count, context) { $0.collector.receiveHeader($1) }
        },
        { bytes, _, count, context in
          EasyHandle.receive(bytes, count, context) { $0.collector.receiveBody($1) }
        },
        Unmanaged.passUnretained(self).toOpaque()))
  }

  func finish(_ code: CURLcode) -> Result<HTTPReply, TransferError> {
    if let failure = collector.failure { return .failure(failure) }
    if let failure = TransferError(code) { return .failure(leash.pointee.pulled ? .forbidden : failure) }
    let status = ccurl_get_status(curl)
    guard (200...999).contains(status) else { return .failure(.broken) }
    return .success(
      HTTPReply(status: status, headers: collector.headers, body: collector.body, pass: collector.pass))
  }

  func clear() {
    collector = ReplyCollector(maximumBodyBytes: 0)
    ccurl_easy_reset(curl)
    ccurl_slist_free(headers)
    headers = nil
  }

  private func setMethod(of request: HTTPRequest) throws(TransferError) {
    switch request.method {
    case "GET": try Self.check(ccurl_set_method_get(curl))
    case "HEAD": try Self.check(ccurl_set_method_head(curl))
    default:
      let bytes = request.body ?? []
      let code = bytes.withUnsafeBytes {
        ccurl_set_method_with_body(curl, request.method, $0.baseAddress, $0.count)
      }
      try Self.check(code)
    }
  }

  private func setHeaders(of request: HTTPRequest) throws(TransferError) {
    // Without a value a line takes back what libcurl would send of its own: a body waits for no "100 Continue",
    // and has no type but the one given.
    var lines = ["Expect:"]
    if !request.headers.contains(where: { HeaderList.areEqual($0.name, "Content-Type") }) {
      lines.append("Content-Type:")
    }
    // An empty value must be written with a semicolon.
    lines += request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    for line in lines {
      guard let longer = ccurl_slist_append(headers, line) else { throw .outOfMemory }
      headers = longer
    }
    try Self.check(ccurl_set_headers(curl, headers))
  }

  private static func receive(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
    _ take: (EasyHandle, UnsafeRawBufferPointer) -> Bool
  ) -> Int {
    guard let context else { return 0 }
    let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
    // Any other number than `count` ends the transfer; 0 would not do for an empty piece.
    return take(handle, UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
      ? count : count + 1
  }

  private static func check(_ code: CURLcode) throws(TransferError) {
    if let error = TransferError(code) { throw error }
  }
}

extension Duration {
  /// Whole milliseconds, rounded up and at least 1: to libcurl, 0 is "no limit".
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    guard seconds < Int64(Int32.max) / 1000 else { return Int(Int32.max) }
    guard self > .zero else { return 1 }
    return max(1, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
  }
}
