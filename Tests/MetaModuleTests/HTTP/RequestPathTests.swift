import GraphSimulator
import JSON
import Testing

@testable import MetaModule

/// How a path is found among what a web server hands over, and which paths are none.
@Suite struct RequestPathTests {
  /// PATH_INFO, SCRIPT_NAME and REQUEST_URI as one server of HOSTING.md sends them.
  struct Server: Sendable, CustomTestStringConvertible {
    let name: String
    let pathInfo: String
    let scriptName: String
    let requestURI: String
    var segments = ["pages"]

    var testDescription: String { name }
  }

  static let servers = [
    Server(
      name: "nginx", pathInfo: "/pages/", scriptName: "/api/meta", requestURI: "/api/meta/pages/?limit=2"),
    Server(
      name: "nginx, fcgiwrap", pathInfo: "/pages/", scriptName: "/api/meta", requestURI: "/api/meta/pages/"),
    Server(
      name: "Apache mod_proxy_fcgi", pathInfo: "", scriptName: "/api/meta/pages/",
      requestURI: "/api/meta/pages/?x=1"),
    Server(
      name: "Apache mod_fcgid, rewritten", pathInfo: "/pages/", scriptName: "/social/meta.fcgi",
      requestURI: "/social/api/meta/pages/"),
    Server(
      name: "Apache mod_cgi", pathInfo: "/pages/", scriptName: "/cgi-bin/meta.fcgi",
      requestURI: "/cgi-bin/meta.fcgi/pages/"),
    Server(
      name: "mod_cgi without PATH_INFO", pathInfo: "", scriptName: "/cgi-bin/meta.fcgi",
      requestURI: "/cgi-bin/meta.fcgi/pages/?fb_page_id=1"),
    Server(
      name: "mod_cgi in a folder named after the mount point", pathInfo: "",
      scriptName: "/api/meta/meta.fcgi",
      requestURI: "/api/meta/meta.fcgi/pages/"),
    Server(name: "lighttpd", pathInfo: "/pages", scriptName: "/api/meta", requestURI: "/api/meta/pages"),
    Server(name: "Caddy", pathInfo: "", scriptName: "/api/meta/pages/", requestURI: "/api/meta/pages/"),
    Server(name: "Caddy, nothing else", pathInfo: "", scriptName: "/api/meta/pages/", requestURI: ""),
    Server(
      name: "a server that leaves the mount point in PATH_INFO", pathInfo: "/api/meta/pages/", scriptName: "",
      requestURI: "/api/meta/pages/"),
    Server(
      name: "a server that was asked like a proxy", pathInfo: "", scriptName: "",
      requestURI: "http://localhost/api/meta/pages/"),
    Server(
      name: "Apache mod_fcgid, asked like a proxy", pathInfo: "", scriptName: "/social/meta.fcgi",
      requestURI: "http://localhost:8080/social/meta.fcgi/pages/?x=1"),
    Server(
      name: "Apache mod_fcgid, rewritten, asked like a proxy", pathInfo: "", scriptName: "/social/meta.fcgi",
      requestURI: "HTTPS://user@[::1]:8080/social/api/meta/pages"),
    Server(
      name: "asked like a proxy, on a host named like the mount point", pathInfo: "", scriptName: "",
      requestURI: "http://api/meta/pages/", segments: ["meta", "pages"]),
    Server(
      name: "asked like a proxy without a path", pathInfo: "", scriptName: "",
      requestURI: "http://localhost?x=/pages/", segments: []),
    Server(name: "metactl", pathInfo: "", scriptName: "", requestURI: "/pages/?limit=2"),
    Server(
      name: "the mount point itself", pathInfo: "", scriptName: "/api/meta", requestURI: "/api/meta",
      segments: []),
    Server(
      name: "the mount point itself, with its slash", pathInfo: "/", scriptName: "/api/meta",
      requestURI: "/api/meta/", segments: []),
    Server(
      name: "the mount point twice", pathInfo: "/api/meta/api/meta/pages/", scriptName: "", requestURI: "",
      segments: ["api", "meta", "pages"]),
    Server(
      name: "a path that only begins like the mount point", pathInfo: "/api/metal/pages/", scriptName: "",
      requestURI: "", segments: ["api", "metal", "pages"]),
  ]

  @Test(arguments: servers) func `every server's parameters lead to the same path`(server: Server) throws {
    let request = Request(cgi: [
      ("SCRIPT_NAME", server.scriptName), ("PATH_INFO", server.pathInfo), ("REQUEST_URI", server.requestURI),
    ])
    #expect(try RequestPath(of: request).segments == server.segments)
  }

  @Test func `of two parameters of one name the first counts`() throws {
    let request = Request(cgi: [("PATH_INFO", "/pages/"), ("PATH_INFO", "/tokens/")])
    #expect(try RequestPath(of: request).segments == ["pages"])
  }

  /// What stands in `REQUEST_URI`, and the segments that it is.
  @Test(arguments: [
    ("/api/meta/instagram/a%20b/", ["instagram", "a b"]),
    ("/api/meta/instagram/a+b", ["instagram", "a+b"]),
    ("/api/meta/instagram/%C3%A9/", ["instagram", "é"]),
    ("/api/meta/instagram/%c3%a9", ["instagram", "é"]),
    ("/api/meta/instagram/%252e%252e/", ["instagram", "%2e%2e"]),
    ("/api/meta/instagram/%2541/", ["instagram", "%41"]),
    ("/api/meta/instagram/a%3Fb%23c/", ["instagram", "a?b#c"]),
    ("/api/meta/instagram/.../", ["instagram", "..."]),
    ("/api/meta/instagram/.hidden/", ["instagram", ".hidden"]),
    ("/api/meta/%70ages/", ["pages"]),
  ])
  func `a path is decoded exactly once`(target: String, segments: [String]) throws {
    #expect(try RequestPath(of: Request(cgi: [("REQUEST_URI", target)])).segments == segments)
  }

  @Test func `what the server decoded is not decoded again`() throws {
    let request = Request(cgi: [("PATH_INFO", "/instagram/%41%2e/"), ("REQUEST_URI", "/api/meta/pages/")])
    #expect(try RequestPath(of: request).segments == ["instagram", "%41%2e"])
  }

  @Test(arguments: [
    "//", "/pages//", "//pages/", "/instagram//x/", "/./pages/", "/pages/.", "/pages/./", "/../pages/",
    "/pages/..",
    "/instagram/../pages/", "/instagram/%2e%2e/", "/instagram/%2E/", "/instagram/.%2e/", "/pages/%2e",
    "/pages/%00/", "/pages/%0a", "/pages/%0d%0a", "/pages/%09", "/pages/%1f", "/pages/%7F", "/pages/%",
    "/pages/%4",
    "/pages/%4g", "/pages/%g4", "/pages/% 41", "/instagram/a%2Fb/", "/instagram/a%2F%2Fb/", "/instagram/%2F/",
    "pages/",
  ])
  func `a path with an odd segment is none`(path: String) {
    #expect(throws: RequestPath.Refusal.malformed) {
      try RequestPath(of: Request(cgi: [("REQUEST_URI", path)]))
    }
  }

  /// Cut sequences, overlong forms of `.` and `/`, half a surrogate pair, more than Unicode has.
  @Test(arguments: ["%ff", "a%80", "%c3", "%c0%ae", "%e0%80%af", "%ed%a0%80", "%f5%80%80%80", "%f4%90%80%80"])
  func `a path that is not UTF-8 is refused as that`(segment: String) throws {
    #expect(throws: RequestPath.Refusal.notUTF8) {
      try RequestPath(of: Request(cgi: [("REQUEST_URI", "/api/meta/instagram/\(segment)/")]))
    }
    let harness = try Harness()
    let answer = harness.send("GET", "/instagram/\(segment)/")
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"The path is not valid UTF-8."}"#)
  }

  @Test func `what is wrong elsewhere in a path does not hide that it is not UTF-8`() {
    for path in ["//%ff", "/%ff//", "/%01/%ff", "/%ff/%01", "/../%ff"] {
      #expect(throws: RequestPath.Refusal.notUTF8) {
        try RequestPath(of: Request(cgi: [("REQUEST_URI", path)]))
      }
    }
  }

  @Test func `a path that is none is not found, whatever the method`() throws {
    let harness = try Harness()
    for method in ["GET", "POST", "DELETE", "OPTIONS", "HEAD"] {
      for path in [
        "/pages//", "/pages/%2e%2e/", "/nothing/", "/", "", "/pages/more/", "/Pages/", "/%2570ages/",
      ] {
        let answer = harness.send(method, path)
        #expect(answer.status == 404)
        #expect(answer.text == (method == "HEAD" ? "" : #"{"detail":"Not found."}"#))
      }
    }
  }
}
