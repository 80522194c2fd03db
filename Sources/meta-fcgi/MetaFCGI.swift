internal import FastCGI
internal import Glibc
internal import MetaModule
internal import System

/// `meta.fcgi`: reads the configuration, listens, starts the workers, waits for a signal. Started by a web server
/// without a listening socket it answers one CGI request and ends.
@main
enum MetaFCGI {
  static func main() {
    StandardDescriptors.ensureOpen()
    umask(0o077)
    signal(SIGPIPE, SIG_IGN)
    // Whoever started this may have it ignored, and then no child's end would be told.
    signal(SIGCHLD, SIG_DFL)
    // A limit on file sizes is an error of the write then, not the end of the process.
    signal(SIGXFSZ, SIG_IGN)
    ProcessMemory.bound()
    do {
      let arguments = try Arguments(ProcessArguments.all, environment: Configuration.processEnvironment())
      if let text = arguments.textToPrint {
        return try say(text)
      }
      if arguments.listen != nil || Listener.isInherited { ProcessMemory.keepMoreAtHand() }
      let configuration = try Configuration(explicitFile: arguments.configurationFile)
      if let address = arguments.listen {
        try serve(Listener.bind(address), configuration)
      } else if let inherited = try Listener.inherited() {
        try serve(inherited, configuration)
      } else if !SingleRequest.isPresent {
        // Neither a web server nor a socket: somebody typed the name.
        complain(Arguments.usage)
        exit(EXIT_FAILURE)
      } else {
        let application = Application(configuration: configuration, answersOne: true)
        application.markAsRunning()
        SingleRequest.run { exchange in answer(&exchange, application) }
      }
    } catch {
      complain("meta.fcgi: \(error)")
      exit(EXIT_FAILURE)
    }
  }

  private static func serve(_ listener: consuming Listener, _ configuration: Configuration) throws {
    let first = Application(configuration: configuration, isServing: true)
    first.prepare()
    let shared = first.shared
    let server = try Server(
      listener: listener, workers: shared.lanes.threads,
      timeouts: ServerTimeouts(postpone: .seconds(configuration.requestBudget)), bodyLimit: Request.bodyLimit,
      report: { complain("meta.fcgi: \($0)") },
      atWork: { LogSink.standardError.gather($0) })
    try server.run { waits in
      let application = Application(configuration: configuration, shared: shared, willWait: waits)
      return { exchange in answer(&exchange, application) }
    }
    // Whatever the workers have left in the WAL.
    Application.settle(configuration)
    LogSink.standardError.gather(false)
    // Workers that are stuck longer than the grace period must not keep the process alive; nor may a library clear away under
    // them what they use, as OpenSSL does in exit().
    _exit(EXIT_SUCCESS)
  }

  private static func answer(_ exchange: inout Exchange, _ application: Application) {
    let body = exchange.readBody(limit: Request.bodyLimit)
    let key = body == .complete([]) ? application.microcacheKey { exchange.forEachParameter($0) } : nil
    if let key, let known = application.answerAgain(to: key) {
      exchange.write(known.head, known.body)
      return exchange.release()
    }
    var request = Request()
    request.microcacheKey = key
    exchange.forEachParameter { name, value in request.take(parameter: name, value: value) }
    request.body = body
    request.firstCame = exchange.firstCame
    application.respond(to: request, postpone: { exchange.postpone() }) { response in
      if let file = response.file {
        exchange.write(response.cgiHead(), file)
      } else {
        exchange.write(response.cgiHead(), response.body)
      }
      exchange.release()
    }
  }

  private static func say(_ text: String) throws {
    let bytes = Array((text + "\n").utf8)
    guard write(STDOUT_FILENO, bytes, bytes.count) == bytes.count else {
      throw ArgumentError("standard output cannot be written: \(String(cString: strerror(errno))).")
    }
  }

  private static func complain(_ sentence: String) { LogSink.standardError.complain(sentence) }
}
