import Foundation
import HTTPClient
import TestSupport
import Testing

/// Certificates, trusted and not. The token of a request must never reach a server that is not proven.
struct TLSTests {
  private let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

  private func ask(
    _ server: TLSServer, host: String = "localhost", caFile: String?
  ) throws(TransferError) -> HTTPReply {
    var client = HTTPClient(options: ClientOptions(caFile: caFile))
    return try client.perform(
      HTTPRequest(
        url: "https://\(host):\(server.port)/path", headers: [("Authorization", "Bearer planted")],
        timeout: .seconds(30)))
  }

  private func expectNothingArrived(at server: TLSServer) {
    let output = server.outputAtEnd()
    #expect(output.contains("ERROR") || output.contains("DONE"))
    #expect(!output.contains("planted") && !output.contains("GET"))
  }

  @Test func `a server whose certificate is in the file is asked`() throws {
    let server = try TLSServer(answer: answer)
    #expect(try ask(server, caFile: server.certificate).body == Array("ok".utf8))
    // The other tests look for this text and must not find it: here it is.
    #expect(server.outputAtEnd().contains("planted"))
  }

  @Test func `a self-signed certificate is refused and no byte of the request is sent`() throws {
    let server = try TLSServer(answer: answer)
    let error = #expect(throws: TransferError.self) { try ask(server, caFile: nil) }
    #expect(error == .tls)
    #expect(error?.mayRetry == false)
    expectNothingArrived(at: server)
  }

  @Test func `a trusted certificate of another host is refused`() throws {
    let server = try TLSServer(answer: answer)
    #expect(throws: TransferError.tls) { try ask(server, host: "127.0.0.1", caFile: server.certificate) }
    expectNothingArrived(at: server)
  }

  @Test func `an expired certificate is refused`() throws {
    let server = try TLSServer(answer: answer, validity: .past)
    #expect(throws: TransferError.tls) { try ask(server, caFile: server.certificate) }
    expectNothingArrived(at: server)
  }

  @Test func `only the certificates in the file are trusted`() throws {
    let server = try TLSServer(answer: answer)
    let other = try TLSServer(answer: answer)
    #expect(throws: TransferError.tls) { try ask(server, caFile: other.certificate) }
  }

  @Test func `without its file of certificates nothing is sent`() throws {
    let server = try TLSServer(answer: answer)
    #expect(throws: TransferError.tls) { try ask(server, caFile: "/nonexistent/ca.pem") }
    expectNothingArrived(at: server)
  }

  @Test func `a server without TLS and one that resets the handshake are broken`() throws {
    for answer in ["HTTP/1.1 200 OK\r\n\r\n", ""] {
      let server = try RawServer { connection in
        _ = connection.read()
        if answer.isEmpty { connection.reset() } else { connection.send(answer) }
      }
      var client = HTTPClient()
      let error = #expect(throws: TransferError.self) {
        try client.perform(HTTPRequest(url: "https://127.0.0.1:\(server.port)/"))
      }
      #expect(error == .broken)
      #expect(error?.mayRetry == true)
    }
  }

  @Test func `a handshake that never ends is left after the connect timeout`() throws {
    let server = try RawServer { $0.waitForEnd() }
    var client = HTTPClient(options: ClientOptions(connectTimeout: .milliseconds(200)))
    #expect(throws: TransferError.timedOut) {
      try client.perform(HTTPRequest(url: "https://127.0.0.1:\(server.port)/", timeout: .seconds(600)))
    }
  }
}
