internal import JSON

extension Endpoints {
  /// `GET /events/`: the newest changes first. `?after=<id>` goes on behind that row, into the past.
  static func listEvents(_ context: RequestContext) throws(APIError) -> Response {
    let page = try ListPage(context.query)
    let rows: [StoredEvent]
    do {
      rows = try context.store().events(before: page.after == 0 ? nil : page.after, limit: page.fetched)
    } catch {
      throw APIError(storeOr: error)
    }
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
