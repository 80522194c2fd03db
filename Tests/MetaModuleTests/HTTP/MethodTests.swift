import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Text

/// Every path with every method, with and without its trailing slash.
@Suite struct MethodTests {
  static let methods = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "Post",
    "",
  ]

  /// The paths of the route table, with something in place of what varies that does not exist.
  static let patterns = Array(Set(RouteTable.routes.map(\.pattern))).sorted()

  static func path(_ pattern: String) -> String {
    pattern.split(separator: "/").map { part in
      switch part {
      case "<client_id>": "nobody"
      case "<post_id>": "999"
      case _ where part.hasPrefix("<"): "999"
      default: String(part)
      }
    }.reduce("/") { $0 + $1 + "/" }
  }

  @Test(arguments: patterns) func `a method that a path does not have is refused with those it has`(
    pattern: String
  ) throws {
    let harness = try Harness()
    var allowed = RouteTable.routes.filter { $0.pattern == pattern }.map(\.method)
    if allowed.contains("GET") { allowed.append("HEAD") }
    allowed.append("OPTIONS")
    let path = Self.path(pattern)
    for method in Self.methods where !allowed.contains(method) {
      for target in [path, String(path.dropLast()), path + "?x=1"] {
        let answer = harness.send(method, target, "{}")
        #expect(answer.status == 405, "\(method) \(target)")
        #expect(answer.header("Allow") == allowed.joined(separator: ", "))
        #expect(answer.text == (method == "HEAD" ? "" : #"{"detail":"Method \"\#(method)\" not allowed."}"#))
      }
    }
    #expect(harness.simulator.calls().isEmpty)
  }

  @Test(arguments: patterns) func `OPTIONS tells the methods and does nothing`(pattern: String) throws {
    let harness = try Harness()
    let path = Self.path(pattern)
    for target in [path, String(path.dropLast())] {
      let answer = harness.send("OPTIONS", target)
      #expect(answer.status == 204)
      #expect(answer.text.isEmpty)
      #expect(answer.header("Cache-Control") == "no-store")
      let methods = answer.header("Allow")?.split(separator: ",").map { FieldRule.trimmed(String($0)) } ?? []
      #expect(methods.last == "OPTIONS")
      #expect(methods.contains("GET") == methods.contains("HEAD"))
    }
  }

  @Test(arguments: RouteTable.routes.map { "\($0.method) \($0.pattern)" })
  func `a trailing slash makes no difference`(
    route: String
  ) throws {
    let parts = route.split(separator: " ").map(String.init)
    let path = Self.path(parts[1])
    let with = try Harness().send(parts[0], path, "{}")
    let without = try Harness().send(parts[0], String(path.dropLast()), "{}")
    #expect(with.status == without.status)
    #expect(with.status < 300 || with.text == without.text)
    #expect(with.headerNames == without.headerNames)
    #expect(![301, 302, 307, 308, 405].contains(with.status))
  }

  @Test func `a body reaches the endpoint through both spellings`() throws {
    let harness = try Harness()
    for target in ["/sync/", "/sync"] {
      #expect(
        harness.send("POST", target, "{\"token_id\":true}").json["token_id"]?[0]
          == "A valid integer is required.")
    }
  }

  @Test func `HEAD is GET without the body`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.send("GET", "/instagram/client_001/")
    let paths = [
      "/pages/", "/instagram/client_001/", "/instagram/nobody/", "/post/17999999999999999/", "/post/x/",
      "/tokens/",
      "/mappings/", "/session/", "/events/", "/nothing/", "/tokens/?limit=x",
    ]
    for path in paths {
      let get = harness.send("GET", path)
      let head = harness.send("HEAD", path)
      #expect(head.status == get.status)
      #expect(head.text.isEmpty)
      #expect(head.contentLength == get.text.utf8.count, "\(path)")
      #expect(head.headerNames == get.headerNames)
      for name in ["Content-Type", "Cache-Control", "ETag", "X-Cache"]
      where name != "Cache-Control" || get.status != 200 {
        #expect(head.header(name) == get.header(name))
      }
    }
  }

  @Test func `HEAD tells the cache's state and costs no more than GET`() throws {
    let harness = try Harness()
    harness.addClient()
    #expect(harness.send("HEAD", "/instagram/client_001/").header("X-Cache") == "miss")
    #expect(harness.send("HEAD", "/instagram/client_001/").header("X-Cache") == "hit")
    #expect(harness.simulator.calls().count == 1)
  }
}
