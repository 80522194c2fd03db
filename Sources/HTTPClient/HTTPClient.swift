internal import CCurl

/// What to do when transfers take longer than somebody wants to wait for them.
package struct Overdue {
  let moment: ContinuousClock.Instant
  let body: () -> Void

  /// Runs `body` on the calling thread at that moment.
  package init(at moment: ContinuousClock.Instant, _ body: @escaping () -> Void) {
    self.moment = moment
    self.body = body
  }
}

/// Asks web servers, one or many at the same time, and waits for the answers on the calling thread.
///
/// Each worker thread has one for all its life: connections are kept between calls, so that a second request to
/// the same host needs no new TCP and TLS handshakes. A client that never asks costs nothing: libcurl is loaded
/// by the first transfer of the process.
///
/// The program must ignore `SIGPIPE`; libcurl before 7.87 can raise it when a TLS connection breaks.
package struct HTTPClient: ~Copyable {
  /// Enough for fifty tokens that are asked two things each: such transfers wait for the network, not for the processor.
  static let maximumRunning = 128

  private let options: ClientOptions
  private var multi: MultiHandle?

  /// Remembers the options; loads and opens nothing.
  package init(options: ClientOptions = ClientOptions()) { self.options = options }

  /// libcurl's name and version with those of its TLS library, for the operator.
  /// - Throws: `.unavailable` when it is not on this host.
  package static func libraryVersion() throws(TransferError) -> String {
    if let reason = ccurl_unavailable() { throw .unavailable(String(cString: reason)) }
    return String(cString: ccurl_version())
  }

  /// Sends one request and returns its answer, whatever its status.
  /// - Throws: why there is no answer; a request that is not valid is never sent.
  package mutating func perform(_ request: HTTPRequest) throws(TransferError) -> HTTPReply {
    var outcome = Result<HTTPReply, TransferError>.failure(.broken)
    performAll([Transfer(tag: (), request: request)], deadline: nil) { _, result in
      outcome = result
      return []
    }
    return try outcome.get()
  }

  /// Gets what is at an address into a descriptor, whatever the status: without a cookie, a token or a word of where the
  /// wish came from.
  package mutating func fetch(
    _ url: String, accepting types: String, into sink: Int32, timeout: Duration
  ) throws(TransferError) -> HTTPReply {
    try perform(HTTPRequest(url: url, headers: [("Accept", types)], sink: sink, timeout: timeout))
  }

  /// Runs many transfers at the same time; returns when none is left.
  ///
  /// At most 128 run at once, the others wait their turn. `next` is called with each result as soon as it is
  /// there, whatever the others do, and returns what to start then: the next page of a list, a retry.
  ///
  /// At the deadline every transfer that has not ended or not begun is reported as `.timedOut`; one whose delay
  /// does not fit before the deadline, at once. What `next` returns in answer to such a report is not started.
  /// - Parameters:
  ///   - first: what to begin with.
  ///   - deadline: when it must be over; `nil` leaves that to the requests' own timeouts.
  ///   - overdue: what to do, once, when it is not over by then; the transfers go on.
  ///   - next: gets the tag and the result, returns further transfers.
  package mutating func performAll<Tag: Sendable>(
    _ first: [Transfer<Tag>], deadline: ContinuousClock.Instant?, overdue: Overdue? = nil,
    next: (Tag, Result<HTTPReply, TransferError>) -> [Transfer<Tag>]
  ) {
    guard !first.isEmpty else { return }
    do throws(TransferError) {
      var multi = if let kept = self.multi.take() { kept } else { try MultiHandle() }
      var run = TransferRun<Tag>(deadline: deadline, overdue: overdue, options: options)
      if run.perform(first, on: &multi, next: next) { self.multi = consume multi }
    } catch {
      for transfer in first { _ = next(transfer.tag, .failure(error)) }
    }
  }
}
