/// A request as it arrived, whole.
struct IncomingRequest: Sendable {
  var method: String
  /// The path without the query, not decoded: ids and edges are plain ASCII.
  var path: String
  var query: Parameters
  var headers: [Header]
  var body: [UInt8]

  init(method: String, target: String, headers: [Header] = [], body: [UInt8] = []) {
    self.method = method
    let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = halves.first.map(String.init) ?? "/"
    query = halves.count > 1 ? Parameters(parsing: String(halves[1])) : Parameters()
    self.headers = headers
    self.body = body
  }

  /// Query and form together; where both have a name, the form's value counts.
  var parameters: Parameters {
    var all = query
    let type = headers.value("content-type") ?? ""
    if type.lowercased().hasPrefix("application/x-www-form-urlencoded") {
      all.append(contentsOf: Parameters(parsing: String(decoding: body, as: UTF8.self)))
    }
    return all
  }

  /// The token of an `Authorization: Bearer` or `OAuth` header.
  var bearer: String? {
    guard let value = headers.value("authorization") else { return nil }
    let parts = value.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, ["bearer", "oauth"].contains(parts[0].lowercased()) else { return nil }
    return String(parts[1])
  }
}
