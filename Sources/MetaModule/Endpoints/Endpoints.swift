internal import Store

/// The endpoints, one file each, as static functions that the route table names.
///
/// Only here do store, cache and Graph meet: only here does "Graph refused the token" become "mark it and answer 400".
enum Endpoints {}

extension RequestContext {
  /// The audit row of a change that this request makes; it is written in the transaction of the change itself.
  func event(_ action: String, _ subject: String? = nil) -> Event {
    Event(
      actor: caller.name ?? "unknown", action: action, subject: subject,
      address: client?.description ?? request.remoteAddress,
      requestID: record.requestID.isEmpty ? nil : record.requestID)
  }
}
