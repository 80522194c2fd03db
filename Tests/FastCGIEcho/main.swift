// A FastCGI and CGI program without the core: it says what it received. For tests that need a process of its
// own, and for benchmarks of the FastCGI module alone.
//
//     fastcgi-echo --listen unix:/tmp/echo.sock [--workers N] [--receive-ms N] [--idle-ms N]
//
// It answers by PATH_INFO: /static 8 KiB, /size/N N bytes, /sleep/MS after a pause, /body the body's bytes,
// /unread without looking at the body, /parameters their names and the lengths of their values.
internal import FastCGI
internal import Glibc

StandardDescriptors.ensureOpen()
do {
  try serve()
} catch {
  _ = "fastcgi-echo: \(error)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
  exit(1)
}

func serve() throws {
  var options: [String: String] = [:]
  var arguments = CommandLine.arguments.dropFirst()
  while let name = arguments.popFirst(), let value = arguments.popFirst() { options[name] = value }

  guard let listener = try listener(options["--listen"]) else {
    _ = SingleRequest.run { exchange in Echo().answer(&exchange) }
    return
  }
  var timeouts = ServerTimeouts()
  if let text = options["--receive-ms"], let value = Int(text) { timeouts.receive = .milliseconds(value) }
  if let text = options["--idle-ms"], let value = Int(text) { timeouts.idle = .milliseconds(value) }
  let server = try Server(
    listener: listener, workers: options["--workers"].flatMap { Int($0) } ?? 32, timeouts: timeouts,
    report: { text in _ = "fastcgi-echo: \(text)\n".withCString { write(STDERR_FILENO, $0, strlen($0)) } })
  try server.run { _ in
    let echo = Echo()
    return { exchange in echo.answer(&exchange) }
  }
}

func listener(_ address: String?) throws -> Listener? {
  guard let address else { return try Listener.inherited() }
  return try Listener.bind(ListenAddress(parsing: address))
}
