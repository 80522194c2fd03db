internal import JSON
internal import Text

extension Endpoints {
  /// `GET /health/`: 200, or 503 when requests cannot be answered. Open to everyone, so it says nothing but which part
  /// is unwell; the log and `metactl doctor` say why.
  static func health(_ context: RequestContext) throws -> Response {
    let health = Health(context.services)
    context.record.cause = health.cause
    func json(_ check: Health.Check, at moment: Timestamp?) -> JSONValue {
      [
        "status": .string(check.status), "detail": JSONValue(check.detail),
        "checked_at": JSONValue(moment?.description),
      ]
    }
    let body: JSONValue = [
      "status": health.isDown ? "unavailable" : health.isDegraded ? "degraded" : "ok",
      "version": .string(version),
      "checks": [
        "database": json(health.database, at: context.now), "key": json(health.key, at: context.now),
        "cache": json(health.cache, at: context.now), "graph": json(health.graph, at: health.graphAsked),
      ],
    ]
    return Response(
      health.isDown ? 503 : 200, json: body, headers: health.isDown ? [("Retry-After", "30")] : [])
  }
}
