package import JSON

/// An error that a client may meet. It knows its answer and passes untouched through services and endpoints to
/// `Application.respond`, the one place that makes a response of it.
///
/// Nothing that came from Graph, SQLite or the operating system stands in a `detail`: only our own sentences.
package protocol Answerable: Error {
  /// Status, the log's word and the sentence of each case beside each other.
  var answer: (status: Int, logReason: String, detail: String) { get }
  var status: Int { get }
  /// A sentence for a person.
  var detail: String { get }
  /// A stable word for a program.
  var reason: String? { get }
  /// The log's own word for it: one `detail` may have five causes.
  var logReason: String { get }
  /// What only the log and the operator are told, with paths and what to do.
  var cause: String? { get }
  /// What the body has besides.
  var members: JSONObject { get }
  /// Seconds after which to try again.
  var retryAfter: Int64? { get }
  /// Another request is about to bring what this one wants: who can ask once more in a moment, without a thread that waits,
  /// has no need to be refused.
  var passesSoon: Bool { get }
}

extension Answerable {
  package var status: Int { answer.status }
  package var logReason: String { answer.logReason }
  package var detail: String { answer.detail }
  package var reason: String? { nil }
  package var cause: String? { nil }
  package var members: JSONObject { [:] }
  package var retryAfter: Int64? { nil }
  package var passesSoon: Bool { false }
}

/// A mistake of ours; the client learns nothing of the cause.
struct ServerError: Answerable {
  let cause: String?
  let answer = (status: 500, logReason: "server_error", detail: "A server error occurred.")
}
