internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// A simulated Graph API on a port of this machine.
///
///     let graph = try GraphSimulator.Server.start()
///     defer { graph.stop() }
///     graph.addFault(Fault(.throttled(code: 4, minutes: 0), count: 2))
///
/// Every method blocks until it is done and may be called from any thread.
package final class Server: Sendable {
  /// Where it is reached: `http://127.0.0.1:41234`, without a slash at the end.
  package let url: String
  /// The port, also when any free one was asked for.
  package let port: Int

  private let simulation: Simulation
  private let group: MultiThreadedEventLoopGroup

  private init(simulation: Simulation, port: Int, group: MultiThreadedEventLoopGroup) {
    self.simulation = simulation
    url = simulation.base
    self.port = port
    self.group = group
  }

  /// Starts a simulator of `world`. Port 0 is any free one. One thread answers thousands of calls a second,
  /// each of them after `latency` milliseconds.
  package static func start(
    world: World = .demo, host: String = "127.0.0.1", port: Int = 0, threads: Int = 1, latency: Int = 0
  ) throws(SimulatorError) -> Server {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
    let box = SimulationBox()
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)),
            ConnectionHandler(box),
          ])
        }
      }
    do {
      let channel = try bootstrap.bind(host: host, port: port).wait()
      let port = channel.localAddress?.port ?? port
      let simulation = Simulation(world, base: "http://\(host):\(port)", latency: latency)
      box.set(simulation)
      return Server(simulation: simulation, port: port, group: group)
    } catch {
      try? group.syncShutdownGracefully()
      throw .cannotListen(host: host, port: port, reason: "\(error)")
    }
  }

  /// Closes the port and every connection.
  package func stop() { try? group.syncShutdownGracefully() }

  /// The newest calls, at most 100,000.
  package func calls() -> [CallRecord] { simulation.log.records }

  /// Calls by endpoint since the start or the last `clearCalls()`.
  package func counts() -> [Endpoint: Int] { simulation.log.counts }

  /// How many calls were being answered at the same moment at most, since the start or the last `clearCalls()`.
  package func maximumInFlight() -> Int { simulation.gauge.maximum }

  /// Forgets all calls.
  package func clearCalls() {
    simulation.log.clear()
    simulation.gauge.clear()
  }

  /// Puts a fault in force and gives its number.
  @discardableResult
  package func addFault(_ fault: Fault) -> Int { simulation.faults.add(fault) }

  /// Ends one fault.
  package func removeFault(_ number: Int) { simulation.faults.remove(number) }

  /// Ends all faults.
  package func clearFaults() { simulation.faults.remove(nil) }

  /// The token of that label, or an empty text.
  package func token(_ label: String) -> String { simulation.tokens.token(labelled: label)?.value ?? "" }

  /// The token of a Page as the user token of that label is given it.
  package func pageToken(_ label: String, page pageID: String) -> String {
    TokenMaker.pageToken(userToken: token(label), pageID: pageID)
  }

  /// Adds a token to the running world.
  package func add(_ token: AccessToken) { simulation.tokens.add(token) }

  /// Changes what is wrong with a token; false when there is no such label.
  @discardableResult
  package func setState(_ state: TokenState, ofToken label: String) -> Bool {
    simulation.tokens.change(label) { $0.state = state }
  }

  /// Changes when a token ends; seconds since 1970, 0 for never.
  @discardableResult
  package func setExpiry(_ time: Int, ofToken label: String) -> Bool {
    simulation.tokens.change(label) { $0.expiresAt = time }
  }

  /// Sets, or with `nil` lifts, what is wrong between the user behind a token and a Page.
  package func setTrouble(_ trouble: PageTrouble?, page pageID: String, ofToken label: String) {
    guard let token = simulation.tokens.token(labelled: label) else { return }
    simulation.tokens.set(trouble, userID: token.userID, pageID: pageID)
  }

  /// For how many seconds addresses of pictures live that are given out from now on; `nil`: as long as Meta's. And by how
  /// many it is later where pictures are.
  package func setPictures(life: Int? = nil, ahead: Int = 0) {
    simulation.pictureClock.set(life: life)
    simulation.pictureClock.set(ahead: ahead)
  }

  /// What the usage headers say from now on.
  package func setUsage(_ usage: Usage) { simulation.meter.usage = usage }

  /// The world it was started with.
  package var world: World { simulation.world }
}
