import HTTPClient
import TestSupport
import Testing

/// Which addresses are connected to, whatever name they were found under.
struct ReachTests {
  @Test(arguments: [
    "1.1.1.1", "157.240.27.63", "172.32.0.1", "100.128.0.1", "223.255.255.255", "2a03:2880:f21c::1",
  ])
  func `a public address is within reach`(address: String) {
    #expect(Reach.publicAddresses.includes(address))
    #expect(!Reach.loopback.includes(address))
  }

  @Test(arguments: [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.1.2.3",
    "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
    "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:1.1.1.1", "::1.1.1.1", "64:ff9b::7f00:1",
    "64:ff9b::101:101", "64:ff9b:1::1", "100::1", "2001::1", "2001:10::1", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "", "localhost",
    "1.1.1",
    "0x7f.0.0.1", "2130706433",
  ])
  func `no other address is`(address: String) {
    #expect(!Reach.publicAddresses.includes(address))
  }

  @Test func `loopback is this machine alone`() {
    for address in ["127.0.0.1", "127.9.9.9", "::1"] { #expect(Reach.loopback.includes(address)) }
    for address in ["::ffff:127.0.0.1", "10.0.0.1", "0.0.0.0"] { #expect(!Reach.loopback.includes(address)) }
  }

  /// A name and an address in digits alike: what counts is what is connected to.
  @Test(arguments: ["127.0.0.1", "localhost"])
  func `nothing reaches a server that is out of reach`(host: String) throws {
    let server = try RawServer { $0.answerAll() }
    let url = server.url().replacing("127.0.0.1", with: host)
    var client = HTTPClient(options: ClientOptions(reach: .publicAddresses))
    #expect(throws: TransferError.forbidden) { _ = try client.perform(HTTPRequest(url: url)) }
    #expect(server.accepted == 0)
    var local = HTTPClient(options: ClientOptions(reach: .loopback))
    #expect(try local.perform(HTTPRequest(url: url)).status == 200)
  }
}
