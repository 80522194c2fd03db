import HTTPClient
import TestSupport
import Testing

/// What is refused before libcurl sees it.
struct RequestTests {
  private func isRefused(_ request: HTTPRequest) throws -> Bool {
    var client = HTTPClient()
    do throws(TransferError) {
      _ = try client.perform(request)
    } catch {
      return error == .invalidRequest
    }
    return false
  }

  @Test(arguments: [
    Sample("line break", "a\r\nX-Evil: 1"), Sample("CR", "a\rb"), Sample("LF", "a\nb"),
    Sample("NUL", "a\u{0}b"), Sample("escape", "a\u{1B}b"), Sample("DEL", "a\u{7F}"),
  ])
  func `a control character in a header is refused`(sample: Sample) throws {
    let server = try RawServer { $0.answerAll() }
    let url = server.url()
    #expect(try isRefused(HTTPRequest(url: url, headers: [("X-Value", sample.text)])))
    #expect(try isRefused(HTTPRequest(url: url, headers: [(sample.text, "value")])))
    #expect(try isRefused(HTTPRequest(method: sample.text, url: url)))
    #expect(try isRefused(HTTPRequest(url: url + sample.text)))
    #expect(server.accepted == 0)
  }

  @Test(arguments: ["", "X Y", "X:", "Ä", "Content-Length", "transfer-encoding"])
  func `a header name that is not one, or not ours, is refused`(name: String) throws {
    #expect(try isRefused(HTTPRequest(url: "http://127.0.0.1:1/", headers: [(name, "1")])))
  }

  @Test(arguments: [
    "", "/me", "127.0.0.1", "ftp://127.0.0.1/", "file:///etc/passwd", "HTTP://127.0.0.1:1/", "http://",
    "http:///me", "http://?a", "https:/127.0.0.1/", "http://user@127.0.0.1:1/", "http://u:p@127.0.0.1:1/",
    "http://127.0.0.1:1/a b", "http://127.0.0.1:1/#x", "http://127.0.0.1:1/\\x", "http://127.0.0.1:1/ä",
    "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://[::1/",
  ])
  func `a URL that is not plain is refused`(url: String) throws {
    #expect(try isRefused(HTTPRequest(url: url)))
  }

  @Test func `a URL of a few kilobytes is sent and an endless one refused`() throws {
    let server = try RawServer { $0.answerAll() }
    #expect(try !isRefused(HTTPRequest(url: server.url("/" + String(repeating: "x", count: 12_288)))))
    #expect(try isRefused(HTTPRequest(url: server.url("/" + String(repeating: "x", count: 16_384)))))
  }

  @Test func `GET and HEAD have no body`() throws {
    for method in ["GET", "HEAD"] {
      #expect(try isRefused(HTTPRequest(method: method, url: "http://127.0.0.1:1/", body: [])))
    }
  }

  @Test func `no time at all is a timeout`() throws {
    let server = try RawServer { $0.answerAll() }
    var client = HTTPClient()
    let error = #expect(throws: TransferError.self) {
      try client.perform(HTTPRequest(url: server.url(), timeout: .zero))
    }
    #expect(error == .timedOut)
  }

  @Test(arguments: [
    ("a b+c&d=e", "a%20b%2Bc%26d%3De"), ("-._~AZaz09", "-._~AZaz09"),
    ("ä/€\u{0}\r\n", "%C3%A4%2F%E2%82%AC%00%0D%0A"),
    ("%41", "%2541"), ("", ""),
  ])
  func `all but unreserved bytes are percent-encoded`(text: String, encoded: String) {
    #expect(QueryString.encode(text) == encoded)
  }

  @Test func `fields keep their order and may repeat`() {
    var query: QueryString = ["b": "1", "a": "x y"]
    query.append("b", "&")
    #expect(query.encoded == "b=1&a=x%20y&b=%26")
    #expect(QueryString().encoded.isEmpty)
  }

  @Test func `no error names a URL`() {
    let errors: [TransferError] = [
      .unavailable("why"), .unresolved, .refused, .timedOut, .tls, .tooLarge(limit: 5), .broken,
      .invalidRequest,
      .outOfMemory,
    ]
    for error in errors { #expect(!"\(error)".contains("http")) }
    #expect(Set(errors.map { "\($0)" }).count == errors.count)
    #expect(errors.filter(\.mayRetry) == [.unresolved, .refused, .broken])
  }
}
