import FastCGI
import Testing

@Suite struct ListenAddressTests {
  @Test(arguments: [
    ("unix:/run/meta-module/fcgi.sock", ListenAddress.unix(path: "/run/meta-module/fcgi.sock")),
    ("unix:relative.sock", .unix(path: "relative.sock")),
    ("unix:/with:colon", .unix(path: "/with:colon")),
    ("127.0.0.1:9000", .loopback(host: "127.0.0.1", port: 9000)),
    ("127.1.2.3:65535", .loopback(host: "127.1.2.3", port: 65535)),
    ("[::1]:1", .loopback(host: "::1", port: 1)),
  ])
  func `addresses of this machine are understood, and written in the same way`(
    _ text: String, _ expected: ListenAddress
  ) throws {
    #expect(try ListenAddress(parsing: text) == expected)
    #expect("\(expected)" == text)
  }

  @Test(arguments: [
    "", "unix:", "unix:@abstract", "unix:/folder/", "unix:/a\0b", "/run/sock", "9000", ":9000", "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+80", "127.0.0.1:080", "127.0.0.1:80 ", "127.0.0.1:٨٠",
    "127.1:80",
    "::1:80", "[::1]", "[::1]:", "[127.0.0.1]:80", "[]:80", "localhost:80", "127.0.0.1:80:90",
  ])
  func `what is no address is refused with a sentence`(_ text: String) {
    let error = #expect(throws: FastCGIError.self) { try ListenAddress(parsing: text) }
    #expect(error?.description.contains("is not an address to listen at") == true)
  }

  @Test(arguments: [
    "0.0.0.0:80", "192.168.1.1:80", "8.8.8.8:80", "[::]:80", "[2001:db8::1]:80", "[::ffff:127.0.0.1]:80",
  ])
  func `what other machines reach is refused with a sentence`(_ text: String) {
    let error = #expect(throws: FastCGIError.self) { try ListenAddress(parsing: text) }
    #expect(error?.description.contains("can be reached from other machines") == true)
  }

  @Test func `a path has at most 107 bytes`() throws {
    let path = "/" + String(repeating: "a", count: 106)
    #expect(try ListenAddress(parsing: "unix:\(path)") == .unix(path: path))
    let error = #expect(throws: FastCGIError.self) { try ListenAddress(parsing: "unix:\(path)b") }
    #expect(error?.description.contains("longer than a unix socket allows") == true)
  }
}
