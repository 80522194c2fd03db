import Glibc
import Testing

/// The CGI form, as a process.
@Suite struct SingleRequestTests {
  /// Runs the program with an environment and a standard input that stays open behind the given bytes.
  private func run(
    _ environment: [String: String], input: String = "", isOpen: Bool = true
  ) throws -> (output: String, status: Int32?) {
    let ends = EchoProcess.channel()
    defer { if isOpen { close(ends[1]) } }
    write(ends[1], input, input.utf8.count)
    if !isOpen { close(ends[1]) }
    let process = try EchoProcess([], input: ends[0], environment: environment)
    close(ends[0])
    return (process.standardOutput(), process.exitStatus())
  }

  private static let head = "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n"

  @Test func `a request without a body is answered on standard output`() throws {
    let (output, status) = try run(["REQUEST_METHOD": "GET", "PATH_INFO": "/unread"])
    #expect(output == Self.head + "unread\n")
    #expect(status == 0)
  }

  @Test func `exactly as many bytes are read as were announced`() throws {
    let (output, _) = try run(
      ["REQUEST_METHOD": "POST", "PATH_INFO": "/body", "CONTENT_LENGTH": "5"], input: "hello, and more")
    #expect(output == Self.head + "hello")
  }

  @Test(arguments: [("6", "400 Bad Request"), ("99999", "413 Too Large"), ("-5", "400 Bad Request")])
  func `a body that is not as announced is refused`(_ length: String, _ status: String) throws {
    let (output, _) = try run(
      ["REQUEST_METHOD": "POST", "PATH_INFO": "/body", "CONTENT_LENGTH": length], input: "hello",
      isOpen: false)
    #expect(output == "Status: \(status)\r\n\r\n")
  }

  /// The end of the input would not tell a whole body from one whose client has gone.
  @Test(arguments: [["CONTENT_LENGTH": "-1"], ["HTTP_TRANSFER_ENCODING": "chunked"]])
  func `a body without a length is refused, and taken off the web server`(_ variables: [String: String])
    throws
  {
    let environment = ["REQUEST_METHOD": "POST", "PATH_INFO": "/body"].merging(variables) { $1 }
    let (output, status) = try run(environment, input: "hello", isOpen: false)
    #expect(output == "Status: 411 Length Required\r\n\r\n")
    #expect(status == 0)
  }

  /// The end of a process that did not read resets the connection, and mod_cgid then cuts off the answer.
  @Test func `a refused body is taken off the web server`() throws {
    let ends = EchoProcess.channel()
    defer { close(ends[1]) }
    let body = [UInt8](repeating: UInt8(ascii: "x"), count: 99_999)
    #expect(write(ends[1], body, body.count) == body.count)
    let process = try EchoProcess(
      [], input: ends[0],
      environment: ["REQUEST_METHOD": "POST", "PATH_INFO": "/body", "CONTENT_LENGTH": "99999"])
    close(ends[0])
    #expect(process.standardOutput() == "Status: 413 Too Large\r\n\r\n")
    #expect(process.exitStatus() == 0)
    var byte: UInt8 = 0
    #expect(read(ends[1], &byte, 1) == 0, "0 is the end, -1 a reset")
  }

  @Test func `the environment is the parameters`() throws {
    let (output, _) = try run(["REQUEST_METHOD": "GET", "PATH_INFO": "/parameters", "HTTP_X": "=1=2"])
    #expect(
      Set(output.dropFirst(Self.head.count).split(separator: "\n")).isSuperset(of: [
        "REQUEST_METHOD=3", "PATH_INFO=11", "HTTP_X=4",
      ]))
  }

  @Test func `a large answer goes through a pipe whole`() throws {
    let (output, _) = try run(["PATH_INFO": "/size/300000"])
    #expect(output.utf8.count == Self.head.utf8.count + 300_000)
  }

  @Test func `a web server that goes away does not kill the program`() throws {
    let process = try EchoProcess([], environment: ["PATH_INFO": "/size/3000000"], shell: "exec >/dev/full")
    #expect(process.exitStatus() == 0)
  }

  @Test(.enabled(if: access("/usr/bin/cgi-fcgi", X_OK) == 0))
  func `libfcgi's own client gets the same answer from the FastCGI form`() throws {
    let server = try RunningServer(handler: Handlers.path)
    let process = try EchoProcess(
      ["-bind", "-connect", server.path], environment: ["PATH_INFO": "/from/cgi-fcgi"],
      executable: "/usr/bin/cgi-fcgi")
    #expect(process.standardOutput() == "/from/cgi-fcgi")
  }
}
