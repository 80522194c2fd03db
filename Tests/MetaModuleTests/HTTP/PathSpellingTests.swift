import Testing

@testable import MetaModule

/// What web servers make of a path before they hand it on, and what `REQUEST_URI` still tells.
struct PathSpellingTests {
  private func segments(_ pathInfo: String, _ requestURI: String) throws -> [String] {
    var request = Request()
    request.pathInfo = Array(pathInfo.utf8)
    request.requestURI = Array(requestURI.utf8)
    request.scriptName = Array("/api/meta".utf8)
    return try RequestPath(of: request).segments
  }

  @Test(arguments: [
    "/api/meta/pages/", "/api/meta/pages", "/api/meta/pages/?next=//x/../y", "/api/meta/p%61ges/",
    "http://localhost/api/meta/pages/",
  ])
  func `a path as it was sent is found`(requestURI: String) throws {
    #expect(try segments("/pages/", requestURI) == ["pages"])
  }

  @Test(arguments: [
    "/api/meta/pages//", "//api/meta/pages/", "/api/meta/./pages/", "/x/../api/meta/pages/",
    "/api/meta/pages/%2e/", "/api/meta/x/%2E./pages", "/api/meta/pages%2f", "/api/meta/pages/%2F",
    "http://localhost/api/meta//pages/", "/api/meta/pages/%00/", "/api/meta/pages/%zz/",
  ])
  func `a third spelling is refused, whatever the web server made of it`(requestURI: String) {
    #expect(throws: RequestPath.Refusal.malformed) { try segments("/pages/", requestURI) }
    #expect(throws: RequestPath.Refusal.malformed) { try segments("", requestURI) }
  }

  @Test func `dots and percent signs inside a segment are part of a name`() throws {
    #expect(try segments("", "/api/meta/instagram/..a%252e/") == ["instagram", "..a%2e"])
  }
}
