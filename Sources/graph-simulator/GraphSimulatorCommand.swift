internal import ArgumentParser
internal import Foundation
internal import GraphSimulator

/// Meta's Graph API on a port of this machine, for the demo, for scripts and for benchmarks.
@main
struct GraphSimulatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph-simulator",
    abstract: "Meta's Graph API on a port of this machine, with faults on demand.",
    discussion: """
      Without --tokens it answers from the demo: three people, their Pages and Instagram accounts.
      Scripts steer it at /_control/: faults, tokens, pictures, calls, counts, world.
      """)

  @Option(help: "Address and port; port 0 is any free one.")
  var listen = "127.0.0.1:8001"

  @Flag(help: "The demo world; the default unless --tokens is given.")
  var demo = false

  @Option(help: "Seed of a generated world.")
  var seed: UInt64 = 1

  @Option(help: "Number of tokens of a generated world.")
  var tokens: Int?

  @Option(help: "Pages of each token.")
  var pages = 5

  @Option(help: "Posts of each Instagram account.")
  var media = 30

  @Option(help: "Milliseconds that every answer takes.")
  var latency = 0

  @Option(help: "Seconds that the address of a picture lives; as long as Meta's unless given.")
  var pictureLife: Int?

  @Option(help: "Threads that answer.")
  var threads = 2

  @Option(name: .customLong("tls-port"), help: "A port with a certificate that nobody should accept.")
  var tlsPort: Int?

  @Flag(help: "Refuse calls without appsecret_proof.")
  var requireProof = false

  @Flag(help: "Print label and token of every token, one a line, and end.")
  var printTokens = false

  func validate() throws {
    guard address != nil else { throw ValidationError("--listen takes ADDRESS:PORT.") }
    guard !demo || tokens == nil else { throw ValidationError("--demo and --tokens exclude each other.") }
    guard (1...64).contains(threads), tokens.map({ $0 > 0 }) ?? true, pages >= 0, media >= 0 else {
      throw ValidationError("Numbers must be positive.")
    }
  }

  func run() throws {
    if printTokens {
      for token in world.tokens { print("\(token.label)\t\(token.value)") }
      return
    }
    // Before any thread exists, so that every one of them inherits it.
    var ends = sigset_t()
    sigemptyset(&ends)
    for signal in [SIGTERM, SIGINT] { sigaddset(&ends, signal) }
    pthread_sigmask(SIG_BLOCK, &ends, nil)
    guard let address else { return }
    let server = try Server.start(
      world: world, host: address.host, port: address.port, threads: threads, latency: latency)
    server.setPictures(life: pictureLife)
    let tls = try tlsPort.map { try WrongCertificateServer(port: $0) }
    print("graph-simulator: \(server.url)\(tls.map { " and \($0.url)" } ?? "")")
    fflush(nil)
    var signal: Int32 = 0
    sigwait(&ends, &signal)
    tls?.stop()
    server.stop()
  }

  private var address: (host: String, port: Int)? {
    guard let colon = listen.lastIndex(of: ":"), let port = UInt16(listen[listen.index(after: colon)...])
    else {
      return nil
    }
    return (String(listen[..<colon]), Int(port))
  }

  private var world: World {
    var world =
      tokens.map {
        World.generated(seed: seed, tokens: $0, pagesPerToken: pages, mediaPerAccount: media)
      } ?? World.demo
    world.requiresProof = requireProof
    return world
  }
}
