internal import CCurl

/// libcurl's handle of the transfers that run on one thread, and of the connections kept between them.
struct MultiHandle: ~Copyable {
  /// With 32 workers 512 descriptors at the most, half of the usual limit.
  private static let keptConnections = 16
  /// Idle handles cost a few kilobytes each.
  private static let keptHandles = 16

  private let curl: OpaquePointer
  private var running: [OpaquePointer: EasyHandle] = [:]
  private var idle: [EasyHandle] = []

  init() throws(TransferError) {
    if let reason = ccurl_unavailable() { throw .unavailable(String(cString: reason)) }
    guard let curl = ccurl_multi_new(Self.keptConnections) else { throw .outOfMemory }
    self.curl = curl
  }

  deinit {
    // In this order: a transfer is taken out before either handle is freed. The easy handles free themselves.
    for easy in running.keys { ccurl_multi_remove(curl, easy) }
    ccurl_multi_free(curl)
  }

  var runningCount: Int { running.count }

  /// Begins a transfer and returns the name under which it will be reported.
  mutating func start(
    _ request: HTTPRequest, timeout: Duration, options: ClientOptions
  ) throws(TransferError) -> OpaquePointer {
    let easy = if let kept = idle.popLast() { kept } else { try EasyHandle() }
    do throws(TransferError) {
      try easy.prepare(request, timeout: timeout, options: options)
      guard ccurl_multi_add(curl, easy.curl) == CURLM_OK else { throw .outOfMemory }
    } catch {
      recycle(easy)
      throw error
    }
    running[easy.curl] = easy
    return easy.curl
  }

  /// Moves all transfers on as far as that goes without waiting; `false` when libcurl cannot go on.
  func step() -> Bool { ccurl_multi_step(curl) == CURLM_OK }

  /// Sleeps until there is something to do, at most so long; `false` when libcurl cannot go on.
  func wait(atMost duration: Duration) -> Bool {
    ccurl_multi_wait(curl, Int32(clamping: duration.milliseconds)) == CURLM_OK
  }

  /// One transfer that has ended, or `nil`.
  mutating func nextFinished() -> (name: OpaquePointer, result: Result<HTTPReply, TransferError>)? {
    var code = CURLE_OK
    while let name = ccurl_multi_finished(curl, &code) {
      ccurl_multi_remove(curl, name)
      guard let easy = running.removeValue(forKey: name) else { continue }
      let result = easy.finish(code)
      recycle(easy)
      return (name, result)
    }
    return nil
  }

  /// Ends all that run; their connections are closed.
  mutating func cancelAll() {
    for easy in running.values {
      ccurl_multi_remove(curl, easy.curl)
      recycle(easy)
    }
    running = [:]
  }

  private mutating func recycle(_ easy: EasyHandle) {
    guard idle.count < Self.keptHandles else { return }
    easy.clear()
    idle.append(easy)
  }
}
