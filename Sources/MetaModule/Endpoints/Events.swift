internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `GET /events/`: the newest changes first. `?after=<id>` goes on behind that row, into the past.
  static func listEvents(_ context: RequestContext) throws -> Response {
    let page = try ListPage(context.query)
    let rows = try context.store().events(
      before: page.after == 0 ? nil : page.after, limit: page.fetched, ofClients: context.grant.clients)
    return page.answer("events", rows, id: \.id) { event in
      [
        "id": JSONValue(event.id), "at": .string(event.at.description), "actor": .string(event.actor),
        "action": .string(event.action), "subject": JSONValue(event.subject),
        "address": JSONValue(event.address),
        "result": .string(event.result), "request_id": JSONValue(event.requestID),
      ]
    }
  }
}
