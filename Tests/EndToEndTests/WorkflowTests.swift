import Foundation
import GraphSimulator
import HTTPClient
import JSON
import TestSupport
import Testing

/// The customer's testing workflow, step by step, with the document's own command lines: only the port is another.
@Suite struct WorkflowTests {
  /// The shell blocks of "Testing Workflow": `manage.py shell`, then the curl lines of steps 2 to 6.
  private static func steps() throws -> [String] {
    let document = try String(contentsOfFile: "\(Site.repository)/Tests/Fixtures/SEED.txt", encoding: .utf8)
    let workflow = try #require(document.components(separatedBy: "## Testing Workflow").last)
    return workflow.components(separatedBy: "```bash\n").dropFirst()
      .compactMap { $0.components(separatedBy: "\n```").first }
  }

  /// Runs a command line as printed. curl's own settings make it quiet and print the status behind the body.
  private static func run(_ line: String, _ site: Site) throws -> (status: Int, body: JSONValue) {
    let quiet = "silent\nshow-error\nnoproxy = \"*\"\nwrite-out = \"\\n%{http_code}\"\n"
    try Data(quiet.utf8).write(to: URL(filePath: "\(site.folder.path)/.curlrc"))
    let (status, output) = try ChildProcess.run(
      "bash", ["-c", line.replacing("localhost:8000", with: "localhost:\(site.port)")],
      environment: ["CURL_HOME": site.folder.path, "HOME": site.folder.path])
    #expect(status == 0, "\(output)")
    let lines = output.split(separator: "\n")
    return (
      Int(lines.last ?? "") ?? 0, try JSONValue(parsing: Array(lines.dropLast().joined(separator: "\n").utf8))
    )
  }

  @Test(arguments: Site.Form.allCases) func `the six steps give the documented answers, twice`(
    form: Site.Form
  ) throws {
    let site = try Site(form)
    let steps = try Self.steps()
    #expect(steps.count == 6)

    // Step 1, for which the document opens a Python shell.
    try site.metactl(["token", "add", "--label", "Test Account"], input: "your_token_here")

    for created in [true, false] {
      let verified = try Self.run(steps[1], site)
      #expect(verified.status == 200)
      #expect(verified.body.object?.keys == ["user_id", "user_name", "profile_picture"])
      #expect(verified.body["user_id"] == "123456789")
      #expect(verified.body["user_name"] == "John Doe")

      let pages = try Self.run(steps[2], site)
      #expect(pages.status == 200)
      #expect(pages.body["pages"]?.array?.count == 2)
      let page = try #require(pages.body["pages"]?[0])
      #expect(page["account_label"] == "Test Account")
      #expect(page["token_id"] == 1)
      #expect(page["fb_page_id"] == "104567890123")
      #expect(page["page_access_token"] == .null)
      #expect(page["ig_account_id"] == "17841405822348523")
      #expect(pages.body["pages"]?[1]?["ig_account_id"] == .null)

      let synced = try Self.run(steps[3], site)
      #expect(synced.status == 200)
      #expect(synced.body == ["success": true, "created": .bool(created)])

      let grid = try Self.run(steps[4], site)
      #expect(grid.status == 200)
      #expect(grid.body.object?.keys == ["profile", "media"])
      #expect(grid.body["profile"]?["username"] == "mybusinessaccount")
      #expect(grid.body["profile"]?["followers_count"] == 5432)
      #expect(grid.body["media"]?[0]?["id"] == "17999999999999999")
      #expect(grid.body["media"]?[0]?["timestamp"] == "2025-12-18T10:30:00+0000")

      let post = try Self.run(steps[5], site)
      #expect(post.status == 200)
      #expect(post.body["id"] == "17999999999999999")
      #expect(post.body["like_count"] == 234)
      #expect(post.body["comments_count"] == 45)
    }
    // The pictures are where the answers say.
    let picture = try #require(
      try site.send("GET", "/api/meta/instagram/client_001/").json["media"]?[0]?["media_url"]?.string)
    var client = HTTPClient()
    let image = try client.perform(HTTPRequest(url: picture))
    #expect(image.status == 200)
    #expect(image.headers["Content-Type"]?.hasPrefix("image/") == true)
  }

  @Test(arguments: Site.Form.allCases) func `each step costs the calls it should`(form: Site.Form) throws {
    let site = try Site(form)
    try site.addToken()
    func calls(_ method: String, _ path: String, _ json: String? = nil) throws -> [Endpoint] {
      site.simulator.clearCalls()
      #expect(try site.send(method, path, json).status == 200)
      return site.simulator.calls().map(\.endpoint)
    }
    let token = site.simulator.token("john")
    #expect(try calls("POST", "/api/meta/verify-user/", #"{"access_token":"\#(token)"}"#) == [.me])
    let sync = #"{"client_id":"client_001","fb_page_id":"104567890123","ig_account_id":null,"token_id":1}"#
    #expect(try calls("POST", "/api/meta/sync/", sync) == [.page])
    #expect(try calls("GET", "/api/meta/instagram/client_001/") == [.instagram])
    #expect(try calls("GET", "/api/meta/instagram/client_001/") == [])
    #expect(try calls("GET", "/api/meta/post/17999999999999999/") == [.post])
  }

  @Test func `the page at the root says what this is`() throws {
    let site = try Site()
    let page = try site.send("GET", "/")
    #expect(page.status == 200)
    #expect(page.headers["Content-Type"]?.hasPrefix("text/html") == true)
    #expect(page.text.contains("Meta Module"))
    #expect(page.headers["Content-Security-Policy"]?.contains("default-src 'none'") == true)
    #expect(try site.send("GET", "/.htaccess").status == 404)
  }

  @Test(arguments: Site.Form.allCases) func `errors arrive through nginx as they were answered`(
    form: Site.Form
  ) throws {
    let site = try Site(form)
    for (method, path, json, status, body) in [
      ("GET", "/api/meta/nothing/", nil, 404, #"{"detail":"Not found."}"#),
      ("PUT", "/api/meta/pages/", "{}", 405, #"{"detail":"Method \"PUT\" not allowed."}"#),
      (
        "POST", "/api/meta/sync/", #"{"client_id":"c","fb_page_id":"1","token_id":1}"#, 400,
        #"{"detail":"Token not found or inactive"}"#
      ),
      ("GET", "/api/meta/instagram/client_001/", nil, 404, #"{"detail":"Mapping not found"}"#),
      ("GET", "/api/meta/post/1/", nil, 404, #"{"detail":"Post not found or not mapped"}"#),
      ("GET", "/api/meta/instagram/%ff/", nil, 400, #"{"detail":"The path is not valid UTF-8."}"#),
      (
        "POST", "/api/meta/sync/", "{", 400,
        #"{"detail":"JSON parse error - Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"}"#
      ),
    ] as [(String, String, String?, Int, String)] {
      let reply = try site.send(method, path, json)
      #expect(reply.status == status, "\(method) \(path)")
      #expect(reply.text == body)
      #expect(reply.headers["Content-Type"] == "application/json")
      #expect(reply.headers["Cache-Control"] == "no-store")
      #expect(reply.headers["X-Content-Type-Options"] == "nosniff")
      #expect(reply.headers["X-Request-Id"] != nil)
    }
    let large = try site.send("POST", "/api/meta/sync/", String(repeating: " ", count: 65_537))
    #expect(large.status == 413)
    #expect(large.text == #"{"detail":"Request body too large."}"#)
    let forwarded = try site.send("GET", "/api/meta/pages/", headers: [("X-Forwarded-For", "192.0.2.1")])
    #expect(forwarded.status == 403)
    #expect(
      try site.send("GET", "/api/meta/pages/", headers: [("Proxy", "http://127.0.0.1:9")]).status == 200)
    let head = try site.send("HEAD", "/api/meta/instagram/client_001/")
    #expect(head.status == 404)
    #expect(head.text.isEmpty)
    let options = try site.send("OPTIONS", "/api/meta/sync/")
    #expect(options.status == 204)
    #expect(options.headers["Allow"] == "POST, OPTIONS")
  }

  @Test func `what nginx refuses by itself is refused as the program would`() throws {
    // given
    let site = try Site()
    try site.addClient()

    // when, then: TRACE, which no location is asked about; escapes that are none.
    for (path, allow) in [
      ("/api/meta/sync/", "POST, OPTIONS"), ("/api/meta/verify-user", "POST, OPTIONS"),
      ("/api/meta/pages/", "GET, HEAD, OPTIONS"), ("/api/meta/mappings/1/", "DELETE, OPTIONS"),
      ("/", "GET, HEAD"),
      ("/admin.js", "GET, HEAD"),
    ] {
      let reply = try site.send("TRACE", path)
      #expect(reply.status == 405, "\(path)")
      #expect(reply.headers["Allow"] == allow)
      #expect(reply.text == #"{"detail":"Method \"TRACE\" not allowed."}"#)
      #expect(reply.headers["X-Request-Id"] != nil)
    }
    #expect(try site.send("TRACE", "/api/meta/nothing/").status == 404)
    #expect(try site.send("POST", "/admin.js", "{}").headers["Allow"] == "GET, HEAD")
    for path in ["/api/meta/pages/%zz", "/api/meta/instagram/%/", "/api/meta/instagram/a%4"] {
      let reply = try site.send("GET", path)
      #expect(reply.status == 404, "\(path)")
      #expect(reply.text == #"{"detail":"Not found."}"#)
    }

    // A firewall's way around: the header reaches the program.
    let removed = try site.send(
      "POST", "/api/meta/mappings/1/", headers: [("X-HTTP-Method-Override", "DELETE")])
    #expect(removed.status == 204)
    #expect(try site.send("GET", "/api/meta/mappings/").text == #"{"mappings":[]}"#)
  }
}
