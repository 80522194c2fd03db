internal import JSON

extension Reply {
  /// A successful answer of the API: compact JSON with `\/` and `\u`, the headers of the recordings.
  static func success(_ body: JSONValue, version: String, usage: [Header] = []) -> Reply {
    let trace = Trace()
    return Reply(
      status: 200,
      headers: [
        Header("Expires", "Sat, 01 Jan 2000 00:00:00 GMT"),
        Header("Content-Type", "application/json; charset=UTF-8"),
      ] + trace.headers(version: version) + usage + [
        Header("Cache-Control", "private, no-cache, no-store, must-revalidate"), Header("Pragma", "no-cache"),
      ], body: body.serialized(escaping: .ascii))
  }

  /// An answer that is an error.
  static func refusal(_ refusal: Refusal, version: String, usage: [Header] = []) -> Reply {
    let trace = Trace()
    let text = refusal.message.map { $0.isASCII && $0 != "\"" && !$0.isNewline ? $0 : " " }
    return Reply(
      status: refusal.status,
      headers: [
        Header(
          "WWW-Authenticate",
          "OAuth \"Facebook Platform\" \"\(refusal.challenge)\" \"\(String(text))\""),
        Header("Expires", "Sat, 01 Jan 2000 00:00:00 GMT"),
        Header("Content-Type", "application/json; charset=UTF-8"),
      ] + trace.headers(version: version) + usage + refusal.headers + [
        Header("Cache-Control", "no-store"), Header("Pragma", "no-cache"),
      ], body: refusal.body(trace: trace.id).serialized(escaping: .ascii))
  }
}

/// The marks by which Meta finds a call again.
private struct Trace {
  /// In `x-fb-request-id` and in `error.fbtrace_id`.
  let id: String
  private let short: String
  private let debug: String

  init() {
    var noise = Noise(UInt64.random(in: 0 ... .max))
    id = "A" + noise.letters(22)
    short = noise.letters(11)
    debug = noise.letters(86) + "=="
  }

  func headers(version: String) -> [Header] {
    [
      Header("facebook-api-version", version), Header("x-fb-request-id", id),
      Header("Strict-Transport-Security", "max-age=15552000; preload"), Header("x-fb-trace-id", short),
      Header("x-fb-rev", "1030042173"), Header("Vary", "Origin"), Header("Access-Control-Allow-Origin", "*"),
      Header("X-FB-Debug", debug),
    ]
  }
}
