/// Something that goes wrong on demand.
package struct Fault: Sendable {
  /// What goes wrong.
  package var kind: Kind
  /// For which calls.
  package var match: Match
  /// How often; `nil` is until the fault is removed.
  package var count: Int?
  /// How many matching calls are answered well before the first that is not.
  package var skip: Int
  /// In how many of a hundred matching calls it happens.
  package var chance: Int

  /// A fault; by default for every call, until it is removed.
  package init(
    _ kind: Kind, match: Match = Match(), count: Int? = nil, skip: Int = 0, chance: Int = 100
  ) {
    self.kind = kind
    self.match = match
    self.count = count
    self.skip = skip
    self.chance = chance
  }

  /// Which calls a fault is for; what is `nil` matches all.
  package struct Match: Sendable, Equatable {
    /// The label of a user token; its Page tokens (`label/page-id`) match too.
    package var token: String?
    /// The beginning of the path without its version: `/me/accounts`.
    package var path: String?
    /// What the call is about.
    package var endpoint: Endpoint?

    /// Calls that meet every condition given.
    package init(token: String? = nil, path: String? = nil, endpoint: Endpoint? = nil) {
      self.token = token
      self.path = path
      self.endpoint = endpoint
    }

    func covers(tokenLabel: String?, path: String, endpoint: Endpoint) -> Bool {
      if let token {
        guard let tokenLabel, tokenLabel == token || tokenLabel.hasPrefix(token + "/") else { return false }
      }
      if let wanted = self.path, !path.hasPrefix(wanted) { return false }
      return self.endpoint == nil || self.endpoint == endpoint
    }
  }

  /// What can go wrong. The first group changes an honest answer, and several of it may happen to one call;
  /// the second group stands in place of the answer.
  package enum Kind: Sendable, Equatable {
    /// The answer comes this much later.
    case latency(milliseconds: Int)
    /// The answer comes when no fault of this kind is in force any more.
    case held
    /// Usage headers of this call.
    case usage(Usage)
    /// Odd pages of an edge.
    case paging(PagingQuirk)
    /// Strings where numbers belong, lists where objects belong, and the reverse.
    case wrongTypes
    /// Numbers as strings: `"followers_count":"5432"`.
    case numbersAsStrings
    /// Calls whose `fields` name this field are refused, as where a permission is missing for it alone.
    case fieldRefused(String, code: Int)
    /// The connection ends after so many bytes of the body, although more were announced.
    case truncated(bytes: Int)
    /// A TCP reset: before the answer, or after so many bytes of the body.
    case reset(afterBytes: Int?)
    /// One byte, a pause, one byte.
    case drip(milliseconds: Int)
    /// The body without a status line or headers.
    case notHTTP

    /// Any error of Graph's.
    case error(GraphError)
    /// A throttled call: 4 (HTTP 403), 17, 32, 341, 613, 80001, 80002 (HTTP 400); `minutes` as
    /// `estimated_time_to_regain_access`.
    case throttled(code: Int, minutes: Int)
    /// HTTP 429, which Graph does not send and proxies do.
    case tooManyRequests(retryAfter: Int?)
    /// HTTP 200 whose body is an error all the same.
    case errorInSuccess(GraphError)
    /// Facebook's page "Sorry, something went wrong", as recorded.
    case html(status: Int)
    /// No body at all.
    case empty(status: Int)
    /// A redirect elsewhere.
    case redirect(location: String)
    /// No answer, and the connection stays open.
    case hang
    /// A body of this size, streamed until the client leaves.
    case endless(bytes: Int)
    /// A small gzip body that unpacks to this size.
    case gzipBomb(bytes: Int)
    /// Exactly this; replays a recording.
    case raw(status: Int, headers: [String: String], body: [UInt8])
  }
}

/// An error of Graph's, as a fault gives it.
package struct GraphError: Sendable, Equatable {
  /// The code; may be negative.
  package var code: Int
  /// The subcode.
  package var subcode: Int?
  /// The HTTP status.
  package var status: Int
  /// The text; by default the one that Meta uses for the code, as far as it is known.
  package var message: String?
  /// `is_transient`, left out when `nil`.
  package var isTransient: Bool?

  /// An error; by default with the status that was recorded for its code.
  package init(
    code: Int, subcode: Int? = nil, status: Int? = nil, message: String? = nil, isTransient: Bool? = nil
  ) {
    self.code = code
    self.subcode = subcode
    self.status = status ?? Self.usualStatus(code)
    self.message = message
    self.isTransient = isTransient
  }

  private static func usualStatus(_ code: Int) -> Int {
    switch code {
    case 1, 2: 500
    case 4, 200...282, 284...299: 403
    default: 400
    }
  }
}
