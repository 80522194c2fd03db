internal import GraphSimulator
internal import HTTPClient
internal import Testing

@Suite struct WrongCertificateTests {
  private func ask(_ server: WrongCertificateServer, trusting file: String?) -> Result<Int, TransferError> {
    do throws(TransferError) {
      var options = ClientOptions()
      options.caFile = file
      var client = HTTPClient(options: options)
      return .success(try client.perform(HTTPRequest(method: "GET", url: server.url + "/")).status)
    } catch {
      return .failure(error)
    }
  }

  @Test func `a certificate from nobody, and one for another host, are refused`() throws {
    for flaw in [WrongCertificateServer.Flaw.selfSigned, .otherHost] {
      let server = try WrongCertificateServer(flaw)
      defer { server.stop() }
      let trusted = flaw == .otherHost ? server.certificateFile : nil
      #expect(throws: TransferError.tls) { try ask(server, trusting: trusted).get() }
    }
  }

  @Test func `the same server answers those who trust a good certificate`() throws {
    let server = try WrongCertificateServer(.none)
    defer { server.stop() }
    #expect(try ask(server, trusting: server.certificateFile).get() == 200)
  }
}
