internal import GraphSimulator
internal import JSON
internal import Testing

/// A simulator for one test, and the shortest way to ask it.
final class Graph {
  let server: Server

  init(_ world: World = .demo) throws { server = try Server.start(world: world) }

  deinit { server.stop() }

  /// One call on a connection of its own.
  func get(
    _ path: String, as label: String? = "john", version: String = "/v26.0", headers: [String] = []
  ) -> WireReply {
    let token = label.map { ["Authorization: Bearer \(server.token($0))"] } ?? []
    return request("GET", version + path, headers: token + headers)
  }

  func request(_ method: String, _ target: String, headers: [String] = [], body: String = "") -> WireReply {
    let connection = WireConnection(port: server.port)
    var headers = headers
    if !body.isEmpty { headers.append("Content-Length: \(body.utf8.count)") }
    connection.send(
      (["\(method) \(target) HTTP/1.1", "Host: localhost"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
        + body)
    return connection.reply(hasBody: method != "HEAD")
  }

  func post(_ path: String, form: String) -> WireReply {
    request("POST", path, headers: ["Content-Type: application/x-www-form-urlencoded"], body: form)
  }

  func control(_ method: String, _ path: String, _ body: String = "") -> WireReply {
    request(method, "/_control/\(path)", body: body)
  }
}

/// The ids of the demo.
enum Demo {
  static let page = "104567890123"
  static let instagram = "17841405822348523"
  static let post = "17999999999999999"
  static let appToken = "138483919580948%7C0123456789abcdef0123456789abcdef"
}
