import HTTPClient
import TestSupport
import Testing

/// Answers that are in order, over plain HTTP.
struct ReplyTests {
  @Test func `status, headers and body of an answer arrive`() throws {
    let server = try RawServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.answer(
        #"{"id":"1"}"#, status: "403 Forbidden", headers: ["X-Usage: {\"a\":1}", "x-usage: b"])
    }
    var client = HTTPClient()
    let reply = try client.perform(HTTPRequest(url: server.url()))
    #expect(reply.status == 403)
    #expect(reply.headers["x-USAGE"] == #"{"a":1}"#)
    #expect(reply.headers["nothing"] == nil)
    #expect(reply.body == Array(#"{"id":"1"}"#.utf8))
  }

  @Test func `a request is sent as it is written`() throws {
    let server = try RawServer { connection in
      guard let request = connection.readRequest() else { return }
      connection.answer(request.lines.joined(separator: "\n"))
    }
    var client = HTTPClient(options: ClientOptions(userAgent: "agent/1"))
    let reply = try client.perform(
      HTTPRequest(
        url: server.url("/v26.0/1/../me?fields=id%2Cname"),
        headers: [("Authorization", "Bearer secret"), ("X-Empty", "")]))
    #expect(
      String(decoding: reply.body, as: UTF8.self).split(separator: "\n") == [
        "GET /v26.0/1/../me?fields=id%2Cname HTTP/1.1", "Host: 127.0.0.1:\(server.port)",
        "User-Agent: agent/1", "Accept: */*", "Accept-Encoding: gzip", "Authorization: Bearer secret",
        "X-Empty:",
      ])
  }

  @Test func `a form is posted whole and without waiting for 100 Continue`() throws {
    let server = try RawServer { connection in
      guard let request = connection.readRequest() else { return }
      connection.answer(
        "\(request.lines[0])|\(request["Content-Type"] ?? "-")|\(request["Expect"] ?? "-")|\(request.body.count)"
      )
    }
    var client = HTTPClient()
    let value = String(repeating: "ä", count: 200_000)
    let reply = try client.perform(.post(server.url("/x"), form: ["a b": value]))
    #expect(
      String(decoding: reply.body, as: UTF8.self)
        == "POST /x HTTP/1.1|application/x-www-form-urlencoded|-|\(6 + 1_200_000)")
  }

  @Test func `a body has the bytes and the type given, NUL included, and no other`() throws {
    let server = try RawServer { connection in
      guard let request = connection.readRequest() else { return }
      connection.answer("\(request.lines[0]) \(request["Content-Type"] ?? "none") \(request.body)")
    }
    var client = HTTPClient()
    let reply = try client.perform(HTTPRequest(method: "PATCH", url: server.url(), body: [65, 0, 66]))
    #expect(String(decoding: reply.body, as: UTF8.self) == "PATCH / HTTP/1.1 none [65, 0, 66]")
  }

  @Test func `nothing of one request goes along with the next`() throws {
    let server = try RawServer { connection in
      while let request = connection.readRequest() {
        let authorization = request["Authorization"] ?? "none"
        connection.answer("\(request.lines[0]) \(authorization) \(request.body.count)")
      }
    }
    var client = HTTPClient()
    _ = try client.perform(
      HTTPRequest(method: "DELETE", url: server.url("/1"), headers: [("Authorization", "a")], body: [1]))
    let reply = try client.perform(HTTPRequest(url: server.url("/2")))
    #expect(String(decoding: reply.body, as: UTF8.self) == "GET /2 HTTP/1.1 none 0")
  }

  @Test func `one connection serves many requests`() throws {
    let server = try RawServer { $0.answerAll("x") }
    var client = HTTPClient()
    for _ in 0..<20 { #expect(try client.perform(HTTPRequest(url: server.url())).body == [120]) }
    #expect(server.accepted == 1)
  }

  @Test func `a kept connection which the server has closed is replaced without an error`() throws {
    let server = try RawServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.answer("x")
    }
    var client = HTTPClient()
    for _ in 0..<20 { #expect(try client.perform(HTTPRequest(url: server.url())).body == [120]) }
    #expect(server.accepted == 20)
  }

  @Test func `a chunked body is put together and its trailer is no header`() throws {
    let server = try RawServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      connection.send("3\r\nabc\r\n")
      connection.send("4;x=y\r\ndefg\r\n0\r\nX-Trailer: 1\r\n\r\n")
      connection.waitForEnd()
    }
    var client = HTTPClient()
    let reply = try client.perform(HTTPRequest(url: server.url()))
    #expect(reply.body == Array("abcdefg".utf8))
    #expect(reply.headers["X-Trailer"] == nil)
  }

  @Test func `a body that ends with the connection arrives`() throws {
    let server = try RawServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.0 200 OK\r\n\r\nabc")
    }
    var client = HTTPClient()
    #expect(try client.perform(HTTPRequest(url: server.url())).body == Array("abc".utf8))
  }

  @Test func `gzip is asked for and unpacked`() throws {
    // "hello hello hello hello\n", from gzip(1).
    let packed: [UInt8] = [
      0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8,
      0x40, 0x27, 0xB9, 0x00, 0x00, 0x88, 0x59, 0x0B, 0x18, 0x00, 0x00, 0x00,
    ]
    let server = try RawServer { connection in
      guard let request = connection.readRequest(), request["Accept-Encoding"] == "gzip" else { return }
      connection.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n\r\n")
      connection.send(packed)
    }
    var client = HTTPClient()
    let reply = try client.perform(HTTPRequest(url: server.url()))
    #expect(String(decoding: reply.body, as: UTF8.self) == "hello hello hello hello\n")
  }

  @Test func `a redirect is an answer and is not followed`() throws {
    let target = try RawServer { $0.answerAll("other") }
    let location = target.url("/other")
    let server = try RawServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.answer("here", status: "302 Found", headers: ["Location: \(location)"])
    }
    var client = HTTPClient()
    let reply = try client.perform(HTTPRequest(url: server.url()))
    #expect(reply.status == 302)
    #expect(reply.headers["location"] == location)
    #expect(target.accepted == 0)
  }

  @Test func `interim answers are passed over`() throws {
    let server = try RawServer { connection in
      guard connection.readRequest() != nil else { return }
      connection.send("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n")
      connection.answer("x")
    }
    var client = HTTPClient()
    let reply = try client.perform(HTTPRequest(url: server.url()))
    #expect(reply.status == 200)
    #expect(reply.headers["X-Early"] == nil)
  }

  @Test func `HEAD and 204 have no body`() throws {
    let server = try RawServer { connection in
      while let request = connection.readRequest() {
        if request.lines[0].hasPrefix("HEAD") {
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n")
        } else {
          connection.send("HTTP/1.1 204 No Content\r\n\r\n")
        }
      }
    }
    var client = HTTPClient()
    let head = try client.perform(HTTPRequest(method: "HEAD", url: server.url()))
    #expect(head.status == 200 && head.body.isEmpty && head.headers["Content-Length"] == "9999999")
    #expect(try client.perform(HTTPRequest(url: server.url())).status == 204)
  }

  @Test func `a cookie is not sent back`() throws {
    let server = try RawServer { connection in
      while let request = connection.readRequest() {
        connection.answer(request["Cookie"] ?? "none", headers: ["Set-Cookie: a=b; Path=/"])
      }
    }
    var client = HTTPClient()
    for _ in 0..<2 {
      #expect(try client.perform(HTTPRequest(url: server.url())).body == Array("none".utf8))
    }
  }

  @Test func `neither a request nor a reply prints what it holds`() throws {
    let server = try RawServer { $0.answerAll("secret", headers: ["X: secret"]) }
    var client = HTTPClient()
    let request = HTTPRequest(
      method: "POST", url: server.url("/?t=secret"), headers: [("A", "secret")], body: Array("secret".utf8))
    let reply = try client.perform(request)
    var text = "\(request) \(reply) \(String(reflecting: request)) \(String(reflecting: reply))"
    dump(request, to: &text)
    dump(reply, to: &text)
    dump(Transfer(tag: 1, request: request), to: &text)
    #expect(!text.contains("secret"))
  }
}
