internal import Foundation
internal import JSON
internal import Testing

@testable import GraphSimulator

@Suite struct FaultTests {
  @Test(arguments: [
    (4, 403, "x-app-usage"), (17, 400, "x-app-usage"), (32, 400, "x-app-usage"), (613, 400, "x-app-usage"),
    (80001, 400, "x-business-use-case-usage"), (80002, 400, "x-business-use-case-usage"),
  ]) func `throttling has the statuses that were recorded`(code: Int, status: Int, header: String) throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.throttled(code: code, minutes: 7), count: 1))
    let path = code > 1000 ? "/\(Demo.instagram)" : "/me"
    let reply = graph.get(path)
    #expect(reply.status == status)
    #expect(reply.error?["code"] == JSONValue(code))
    let usage = try JSONValue(parsing: Array((reply.headers[header] ?? "").utf8))
    if code > 1000 {
      // One call, two pools: the business and the account.
      #expect(usage.object?.keys == ["651551841371924", Demo.instagram])
      #expect(usage[Demo.instagram]?[0]?["estimated_time_to_regain_access"] == 7)
    } else {
      #expect(usage["call_count"] == 100)
    }
    #expect(reply.headers["retry-after"] == nil)
    #expect(graph.get(path).status == 200)
  }

  @Test func `429 with and without Retry-After`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.tooManyRequests(retryAfter: 3), count: 1))
    graph.server.addFault(Fault(.tooManyRequests(retryAfter: nil), count: 1))
    #expect(graph.get("/me").headers["retry-after"] == "3")
    let second = graph.get("/me")
    #expect(second.status == 429)
    #expect(second.headers["retry-after"] == nil)
  }

  @Test func `any error can be had, with any status`() throws {
    let graph = try Graph()
    for error in [
      GraphError(code: 190, subcode: 467, status: 401), GraphError(code: 1),
      GraphError(code: 2, isTransient: true),
      GraphError(code: -1), GraphError(code: -2, subcode: 2_207_003),
      GraphError(code: 190, isTransient: true),
      GraphError(code: 4, subcode: 2_207_051, status: 400), GraphError(code: 10, status: 403),
      GraphError(code: 283), GraphError(code: 200), GraphError(code: 102, subcode: 463),
    ] {
      graph.server.addFault(Fault(.error(error), count: 1))
      let reply = graph.get("/me")
      #expect(reply.status == error.status)
      #expect(reply.error?["code"] == JSONValue(error.code))
      #expect(reply.error?["error_subcode"] == error.subcode.map { JSONValue($0) })
      #expect(reply.error?["is_transient"] == error.isTransient.map { JSONValue.bool($0) })
    }
    #expect(GraphError(code: 1).status == 500)
    #expect(GraphError(code: 200).status == 403)
    #expect(GraphError(code: 283).status == 400)
    #expect(GraphError(code: 190).status == 400)
  }

  @Test func `success whose body is an error`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.errorInSuccess(GraphError(code: 190, subcode: 463))))
    let reply = graph.get("/me")
    #expect(reply.status == 200)
    #expect(reply.error?["error_subcode"] == 463)
    #expect(reply.error?["message"]?.string?.contains("Session has expired") == true)
  }

  @Test func `the recorded page of HTML`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.html(status: 500)))
    let reply = graph.get("/me")
    #expect(reply.status == 500)
    #expect(reply.headers["content-type"] == "text/html; charset=utf-8")
    #expect(try reply.body == Recording.bytes("error_html_something_went_wrong_500.html"))
  }

  @Test(arguments: [200, 502, 503]) func `an empty body`(status: Int) throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.empty(status: status)))
    let reply = graph.get("/me")
    #expect(reply.status == status)
    #expect(reply.headers["content-length"] == "0")
  }

  @Test func `a redirect elsewhere`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.redirect(location: "http://192.0.2.1/v26.0/me")))
    let reply = graph.get("/me")
    #expect(reply.status == 302)
    #expect(reply.headers["location"] == "http://192.0.2.1/v26.0/me")
  }

  @Test func `a truncated body announces more than comes`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.truncated(bytes: 10)))
    let connection = WireConnection(port: graph.server.port)
    connection.get("/v26.0/me?access_token=your_token_here")
    let reply = connection.reply()
    #expect(reply.text == #"{"name":"J"#)
    #expect(reply.headers["content-length"] == "36")
    #expect(connection.end == .closed)
  }

  @Test func `a reset before the answer, and in its middle`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.reset(afterBytes: nil), count: 1))
    graph.server.addFault(Fault(.reset(afterBytes: 5), count: 1))
    let first = WireConnection(port: graph.server.port)
    first.get("/v26.0/me?access_token=your_token_here")
    #expect(first.readAll().isEmpty)
    #expect(first.end == .reset)
    let second = WireConnection(port: graph.server.port)
    second.get("/v26.0/me?access_token=your_token_here")
    #expect(second.reply().text == #"{"nam"#)
    #expect(second.end == .reset)
    #expect(graph.server.calls().map(\.status) == [0, 200])
  }

  @Test func `a drip comes byte by byte`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.drip(milliseconds: 300)))
    let connection = WireConnection(port: graph.server.port)
    let start = ContinuousClock.now
    connection.get("/v26.0/me?access_token=your_token_here")
    let bytes = connection.readAll(limit: 3)
    #expect(String(decoding: bytes, as: UTF8.self) == "HTT")
    #expect(ContinuousClock.now - start >= .milliseconds(550))
  }

  @Test func `a hanging call is never answered, its connection stays`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.hang))
    let connection = WireConnection(port: graph.server.port, timeout: 300)
    connection.get("/v26.0/me?access_token=your_token_here")
    #expect(connection.readAll().isEmpty)
    #expect(connection.end == .timedOut)
    #expect(graph.server.calls().first?.status == 0)
    graph.server.clearFaults()
    #expect(graph.get("/me").status == 200)
  }

  @Test func `what is not HTTP`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.notHTTP))
    let connection = WireConnection(port: graph.server.port)
    connection.get("/v26.0/me?access_token=your_token_here")
    #expect(String(decoding: connection.readAll(), as: UTF8.self).hasPrefix(#"{"name":"#))
  }

  @Test func `an endless body goes on until the client leaves, without being held in memory`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.endless(bytes: 4 << 30)))
    let connection = WireConnection(port: graph.server.port)
    connection.get("/v26.0/me?access_token=your_token_here")
    #expect(connection.readAll(limit: 20 << 20).count >= 20 << 20)
    #expect(connection.end == .open)
    #expect(graph.get("/_control/counts", as: nil, version: "").status == 200)
  }

  @Test func `an endless body can end after all`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.endless(bytes: 100_000)))
    let connection = WireConnection(port: graph.server.port)
    connection.get("/v26.0/me?access_token=your_token_here")
    let bytes = connection.readAll()
    #expect(bytes.filter { $0 == 0x20 }.count > 99_000)
    #expect(bytes.suffix(5) == Array("0\r\n\r\n".utf8))
  }

  @Test func `a gzip bomb is small and unpacks to what was asked`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.gzipBomb(bytes: 1_000_000)))
    let reply = graph.get("/me")
    #expect(reply.headers["content-encoding"] == "gzip")
    #expect(reply.body.count < 8_000)
    let gzip = Process()
    gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    gzip.arguments = ["gzip", "-dc"]
    let input = Pipe()
    let output = Pipe()
    (gzip.standardInput, gzip.standardOutput) = (input, output)
    try gzip.run()
    input.fileHandleForWriting.write(Data(reply.body))
    try input.fileHandleForWriting.close()
    let unpacked = output.fileHandleForReading.readDataToEndOfFile()
    gzip.waitUntilExit()
    // gzip checks length and checksum.
    #expect(gzip.terminationStatus == 0)
    #expect(unpacked.count >= 1_000_000)
    #expect(unpacked.allSatisfy { $0 == 0x20 })
  }

  @Test func `wrong types leave the keys alone`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.wrongTypes))
    let body = graph.get(
      "/\(Demo.instagram)?fields=id,username,followers_count,has_profile_pic,media.limit(1)"
    ).json
    #expect(body["id"]?.number?.text == Demo.instagram)
    #expect(body["username"] == ["mybusinessaccount"])
    #expect(body["followers_count"] == "5432")
    #expect(body["has_profile_pic"] == "true")
    #expect(body["media"]?["data"]?["0"] != nil)
  }

  @Test func `latency adds up with whatever else happens`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.latency(milliseconds: 120)))
    graph.server.addFault(Fault(.latency(milliseconds: 130)))
    graph.server.addFault(Fault(.empty(status: 503)))
    let start = ContinuousClock.now
    #expect(graph.get("/me").status == 503)
    #expect(ContinuousClock.now - start >= .milliseconds(250))
  }

  @Test func `a fault chooses its calls by token, path and endpoint`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.empty(status: 500), match: Fault.Match(token: "maria")))
    graph.server.addFault(Fault(.empty(status: 501), match: Fault.Match(path: "/me/acc")))
    graph.server.addFault(Fault(.empty(status: 502), match: Fault.Match(token: "john", endpoint: .post)))
    #expect(graph.get("/me", as: "maria").status == 500)
    let pageToken = graph.server.pageToken("maria", page: "112233445566778")
    #expect(graph.get("/me?access_token=\(pageToken)", as: nil).status == 500)
    #expect(graph.get("/me/accounts", as: "yusuf").status == 501)
    #expect(graph.get("/\(Demo.post)").status == 502)
    #expect(graph.get("/\(Demo.post)", as: "example").status == 200)
    #expect(graph.get("/me").status == 200)
  }

  @Test func `a fault happens so many times, after so many good calls`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.empty(status: 500), count: 2, skip: 1))
    #expect((0..<5).map { _ in graph.get("/me").status } == [200, 500, 500, 200, 200])
    let number = graph.server.addFault(Fault(.empty(status: 500)))
    #expect(graph.get("/me").status == 500)
    graph.server.removeFault(number)
    #expect(graph.get("/me").status == 200)
  }

  @Test func `two faults in a row are used up one after the other`() throws {
    let graph = try Graph()
    graph.server.addFault(Fault(.empty(status: 501), count: 1))
    graph.server.addFault(Fault(.empty(status: 502), count: 1))
    #expect((0..<3).map { _ in graph.get("/me").status } == [501, 502, 200])
  }

  @Test func `usage headers are texts, above 100, malformed or absent`() throws {
    let graph = try Graph()
    graph.server.setUsage(.fixed(percent: 724, minutes: 0))
    #expect(
      graph.get("/me").headers["x-app-usage"] == #"{"call_count":724,"total_cputime":0,"total_time":724}"#)
    #expect(graph.get("/me").headers["x-business-use-case-usage"] == nil)
    let instagram = graph.get("/\(Demo.instagram)")
    #expect(instagram.headers["x-app-usage"] == nil)
    #expect(
      instagram.headers["x-business-use-case-usage"]?.hasPrefix(
        #"{"651551841371924":[{"type":"instagram","call_count":724,"#) == true)
    let token = graph.server.pageToken("john", page: Demo.page)
    #expect(
      graph.get("/\(Demo.page)?access_token=\(token)", as: nil).headers["x-business-use-case-usage"]?
        .hasPrefix(
          #"{"104567890123":[{"type":"pages","#) == true)
    graph.server.setUsage(.malformed)
    let malformed = try #require(graph.get("/me").headers["x-app-usage"])
    #expect(throws: (any Error).self) { try JSONValue(parsing: Array(malformed.utf8)) }
    graph.server.setUsage(.absent)
    #expect(graph.get("/me").headers["x-app-usage"] == nil)
  }

  @Test func `an enforced limit refuses what exceeds it`() throws {
    let graph = try Graph()
    graph.server.setUsage(.enforced(perHour: 3))
    #expect((0..<4).map { _ in graph.get("/me").status } == [200, 200, 200, 403])
    let instagram = graph.get("/\(Demo.instagram)")
    #expect(instagram.error?["code"] == 80002)
    #expect(
      instagram.headers["x-business-use-case-usage"]?.contains(#""estimated_time_to_regain_access":60"#)
        == true)
  }
}
