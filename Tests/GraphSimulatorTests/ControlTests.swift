internal import JSON
internal import Testing

@testable import GraphSimulator

@Suite struct ControlTests {
  @Test func `the log tells who asked what, and no secret`() throws {
    let graph = try Graph()
    _ = graph.get("/me?fields=id&appsecret_time=1", headers: ["User-Agent: test/1"])
    _ = graph.get("/me?access_token=EAABunknown", as: nil)
    let calls = graph.control("GET", "calls")
    #expect(!calls.text.contains("EAAB"))
    let first = calls.json[0]
    #expect(first?["n"] == 1)
    #expect(first?["method"] == "GET")
    #expect(first?["path"] == "/me")
    #expect(first?["endpoint"] == "me")
    #expect(first?["query"]?["fields"] == "id")
    #expect(first?["token"] == "john")
    #expect(first?["token_place"] == "header")
    #expect(first?["status"] == 200)
    #expect(first?["user_agent"] == "test/1")
    #expect(calls.json[1]?["token"] == .null)
    #expect(graph.control("GET", "counts").json == ["me": 2, "maximum_in_flight": 1])
    #expect(graph.control("DELETE", "calls").status == 200)
    #expect(graph.control("GET", "calls").text == "[]\n")
  }

  @Test func `scripts add, list and remove faults`() throws {
    let graph = try Graph()
    let added = graph.control("POST", "faults", #"{"kind":"empty","status":503,"endpoint":"me"}"#)
    #expect(added.json == ["id": 1])
    #expect(graph.get("/me").status == 503)
    #expect(graph.control("GET", "faults").json.array?.count == 1)
    #expect(graph.control("DELETE", "faults/1").status == 200)
    #expect(graph.get("/me").status == 200)
    let two = #"[{"kind":"html"},{"kind":"latency","ms":1}]"#
    #expect(graph.control("POST", "faults", two).json == ["ids": [2, 3]])
    #expect(graph.get("/me").status == 500)
    #expect(graph.control("DELETE", "faults").status == 200)
    #expect(graph.get("/me").status == 200)
  }

  @Test(arguments: [
    (#"{"kind":"latency","ms":5}"#, Fault.Kind.latency(milliseconds: 5)),
    (#"{"kind":"throttle","code":80002,"minutes":9}"#, .throttled(code: 80002, minutes: 9)),
    (#"{"kind":"too_many_requests","retry_after":2}"#, .tooManyRequests(retryAfter: 2)),
    (#"{"kind":"token","subcode":460}"#, .error(GraphError(code: 190, subcode: 460))),
    (#"{"kind":"token","status":401}"#, .error(GraphError(code: 190, status: 401))),
    (#"{"kind":"error","code":-1,"is_transient":true}"#, .error(GraphError(code: -1, isTransient: true))),
    (#"{"kind":"error_in_success"}"#, .errorInSuccess(GraphError(code: 190))),
    (#"{"kind":"html"}"#, .html(status: 500)), (#"{"kind":"empty"}"#, .empty(status: 502)),
    (#"{"kind":"truncated","bytes":3}"#, .truncated(bytes: 3)),
    (#"{"kind":"reset"}"#, .reset(afterBytes: nil)),
    (#"{"kind":"reset","bytes":3}"#, .reset(afterBytes: 3)), (#"{"kind":"drip"}"#, .drip(milliseconds: 1000)),
    (#"{"kind":"redirect","location":"http://a/"}"#, .redirect(location: "http://a/")),
    (#"{"kind":"held"}"#, .held), (#"{"kind":"hang"}"#, .hang),
    (#"{"kind":"endless"}"#, .endless(bytes: 4 << 30)),
    (#"{"kind":"gzip_bomb","bytes":9}"#, .gzipBomb(bytes: 9)), (#"{"kind":"wrong_types"}"#, .wrongTypes),
    (#"{"kind":"not_http"}"#, .notHTTP), (#"{"kind":"short_page"}"#, .paging(.shortPage)),
    (#"{"kind":"empty_page"}"#, .paging(.emptyPage)), (#"{"kind":"trailing_next"}"#, .paging(.trailingNext)),
    (#"{"kind":"looping_cursor"}"#, .paging(.loopingCursor)),
    (#"{"kind":"usage","percent":101,"minutes":3}"#, .usage(.fixed(percent: 101, minutes: 3))),
    (#"{"kind":"usage","mode":"malformed"}"#, .usage(.malformed)),
    (
      #"{"kind":"raw","status":418,"headers":{"X-A":"b"},"body":{"a":"/"}}"#,
      .raw(
        status: 418, headers: ["Content-Type": "application/json; charset=UTF-8", "X-A": "b"],
        body: Array(#"{"a":"\/"}"#.utf8))
    ),
  ]) func `every fault can be written as JSON`(text: String, kind: Fault.Kind) throws {
    let fault = try FaultReading.fault(try JSONValue(parsing: Array(text.utf8)))
    #expect(fault.kind == kind)
  }

  @Test func `how often and for whom is JSON too`() throws {
    let text =
      #"{"kind":"hang","token":"john","path":"/me","endpoint":"accounts","count":2,"skip":3,"chance":4}"#
    let fault = try FaultReading.fault(try JSONValue(parsing: Array(text.utf8)))
    #expect(fault.match == Fault.Match(token: "john", path: "/me", endpoint: .accounts))
    #expect(fault.count == 2)
    #expect(fault.skip == 3)
    #expect(fault.chance == 4)
  }

  @Test func `a fault may name the token itself`() throws {
    let graph = try Graph()
    _ = graph.control("POST", "faults", #"{"kind":"empty","token":"your_token_here"}"#)
    #expect(graph.get("/me", as: "example").status == 502)
    #expect(graph.get("/me").status == 200)
  }

  @Test func `tokens change while the simulator runs`() throws {
    let graph = try Graph()
    #expect(graph.control("POST", "tokens", #"{"token":"john","state":"checkpoint"}"#).status == 200)
    #expect(graph.get("/me").error?["error_subcode"] == 459)
    #expect(graph.control("POST", "tokens", #"{"token":"john","state":"active"}"#).status == 200)
    #expect(graph.get("/me").status == 200)
    #expect(graph.control("POST", "tokens", #"{"token":"john","expires_in":-5}"#).status == 200)
    #expect(graph.get("/me").error?["error_subcode"] == 463)
    let trouble = #"{"token":"maria","page":"112233445566778","trouble":"role_lost"}"#
    #expect(graph.control("POST", "tokens", trouble).status == 200)
    let token = graph.server.pageToken("maria", page: "112233445566778")
    #expect(graph.get("/me?access_token=\(token)", as: nil).error?["error_subcode"] == 492)
    let better = #"{"token":"maria","page":"112233445566778","trouble":"none"}"#
    #expect(graph.control("POST", "tokens", better).status == 200)
    #expect(graph.get("/me?access_token=\(token)", as: nil).status == 200)
  }

  @Test func `the world tells labels and tokens`() throws {
    let graph = try Graph()
    let world = graph.control("GET", "world").json
    #expect(world["url"]?.string == graph.server.url)
    #expect(world["app_secret"] == "0123456789abcdef0123456789abcdef")
    let john = world["tokens"]?.array?.first { $0["label"] == "john" }
    #expect(john?["token"]?.string == graph.server.token("john"))
    #expect(john?["user_name"] == "John Doe")
    #expect(john?["pages"] == 2)
  }

  @Test(arguments: [
    ("POST", "faults", "{", 400), ("POST", "faults", "{}", 400), ("POST", "faults", #"{"kind":"x"}"#, 400),
    ("POST", "faults", #"{"kind":"hang","endpoint":"x"}"#, 400), ("POST", "tokens", #"{"token":"x"}"#, 404),
    ("POST", "tokens", #"{"token":"john","state":"x"}"#, 400), ("POST", "usage", #"{"mode":"x"}"#, 400),
    ("GET", "nonsense", "", 404),
  ]) func `a mistake is told`(method: String, path: String, body: String, status: Int) throws {
    let reply = try Graph().control(method, path, body)
    #expect(reply.status == status)
    #expect(reply.json["error"]?.string?.isEmpty == false)
  }

  @Test func `usage is set by scripts`() throws {
    let graph = try Graph()
    _ = graph.control("POST", "usage", #"{"mode":"enforced","per_hour":1}"#)
    #expect((0..<2).map { _ in graph.get("/me").status } == [200, 403])
  }
}
