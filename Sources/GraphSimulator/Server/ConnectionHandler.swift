internal import NIOCore
internal import NIOHTTP1

/// One connection: collects requests and answers them in their order.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  /// Nothing that is sent to Graph is near this.
  private static let maximumBody = 1 << 20

  private let box: SimulationBox
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []
  private var waiting: CircularBuffer<Exchange> = []
  private var isBusy = false

  /// Whose gauge counts the call that this connection is answering.
  private var gauge: ConcurrencyGauge?

  /// A request and what its answer must know of it.
  private struct Exchange {
    var request: IncomingRequest
    var keepsAlive: Bool
  }

  init(_ box: SimulationBox) { self.box = box }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
      if head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" }) {
        context.writeAndFlush(
          wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
      }
    case .body(let part):
      if body.count + part.readableBytes <= Self.maximumBody { body += part.readableBytesView }
    case .end:
      guard let head else { return }
      let request = IncomingRequest(
        method: head.method.rawValue, target: head.uri,
        headers: head.headers.map { Header($0.name, $0.value) }, body: body)
      self.head = nil
      waiting.append(Exchange(request: request, keepsAlive: head.isKeepAlive))
      answerNext(context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) { leave() }

  private func leave() {
    gauge?.leave()
    gauge = nil
  }

  /// What is no HTTP gets no answer.
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func answerNext(_ context: ChannelHandlerContext) {
    guard !isBusy, let exchange = waiting.popFirst() else { return }
    guard let simulation = box.simulation else { return context.close(promise: nil) }
    isBusy = true
    if !exchange.request.path.hasPrefix(Control.prefix) {
      gauge = simulation.gauge
      gauge?.enter()
    }
    let reply = simulation.respond(to: exchange.request)
    let writer = ReplyWriter(
      context: context, reply: reply, keepsAlive: exchange.keepsAlive,
      hasBody: exchange.request.method != "HEAD"
    ) { [self] in
      isBusy = false
      leave()
      answerNext(context)
    }
    if reply.isHeld { return startWhenReleased(writer, context, simulation) }
    guard reply.delay > 0 else { return writer.start() }
    context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(reply.delay))) {
      guard context.channel.isActive else { return }
      writer.start()
    }
  }

  private func startWhenReleased(
    _ writer: ReplyWriter, _ context: ChannelHandlerContext, _ simulation: Simulation
  ) {
    guard context.channel.isActive else { return }
    guard simulation.faults.holdAnswers else { return writer.start() }
    context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(5)) { [self] in
      startWhenReleased(writer, context, simulation)
    }
  }
}
