import HTTPClient
import TestSupport
import Testing

/// How many large answers may be there at once.
struct LargeReplyTests {
  /// Answers `/600` with 600 KiB.
  private static func server() throws -> RawServer {
    try RawServer { connection in
      while let request = connection.readRequest() {
        let kibibytes = Int(request.target.dropFirst()) ?? 0
        connection.answer(String(repeating: "x", count: kibibytes * 1024))
      }
    }
  }

  @Test func `a large answer is refused while another one is kept, and taken when that is let go`() throws {
    // given
    let server = try Self.server()
    let replies = LargeReplies(atOnce: 1)
    var one = HTTPClient(options: ClientOptions(largeReplies: replies))
    var other = HTTPClient(options: ClientOptions(largeReplies: replies))

    // when, then
    var kept: HTTPReply? = try one.perform(HTTPRequest(url: server.url("/600")))
    #expect(kept?.body.count == 600 * 1024)
    #expect(throws: TransferError.crowded) { try other.perform(HTTPRequest(url: server.url("/600"))) }
    #expect(TransferError.crowded.mayRetry)
    #expect(try other.perform(HTTPRequest(url: server.url("/500"))).body.count == 500 * 1024)
    kept = nil
    for _ in 0..<3 {
      #expect(try other.perform(HTTPRequest(url: server.url("/4096"))).body.count == 4096 * 1024)
    }
  }

  @Test func `one that breaks off or grows too large gives its place back`() throws {
    let server = try RawServer { connection in
      guard let request = connection.readRequest() else { return }
      if request.target == "/broken" {
        connection.send(
          Array("HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n".utf8)
            + [UInt8](repeating: 0x78, count: 700_000))
      } else {
        connection.answer(String(repeating: "x", count: 700_000))
      }
    }
    let replies = LargeReplies(atOnce: 1)
    var narrow = HTTPClient(options: ClientOptions(maximumBodyBytes: 650_000, largeReplies: replies))
    var wide = HTTPClient(options: ClientOptions(largeReplies: replies))
    for _ in 0..<3 {
      #expect(throws: TransferError.tooLarge(limit: 650_000)) {
        try narrow.perform(HTTPRequest(url: server.url()))
      }
      #expect(throws: TransferError.broken) { try wide.perform(HTTPRequest(url: server.url("/broken"))) }
    }
    #expect(try wide.perform(HTTPRequest(url: server.url())).body.count == 700_000)
  }
}
