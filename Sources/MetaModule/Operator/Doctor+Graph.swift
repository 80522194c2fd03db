internal import Glibc
internal import HTTPClient
internal import JSON
internal import Store
internal import Text

/// Graph: can it be reached, is it really it, and do our clocks agree.
extension Doctor {
  /// None is no trouble: it is a matter of how much visitors load.
  func pictures() -> Finding {
    if let program = configuration.pictureProgram {
      return .ok("pictures", "\(program) makes them smaller.")
    }
    guard let wanted = configuration.imageProgram else {
      return .ok(
        "pictures",
        "There is no meta-image beside the program: every width of a picture is the original, some 300 kB each. "
          + "META_IMAGE_BIN says where else it is.")
    }
    return .warning(
      "pictures",
      "META_IMAGE_BIN is \(wanted), and that is no program: every width of a picture is the original.",
      "Correct it, or take it out where meta-image lies beside the program.")
  }

  func libcurl() -> Finding {
    do throws(TransferError) { return .ok("libcurl", try HTTPClient.libraryVersion()) } catch {
      return .trouble(
        "libcurl", "\(error)", "apt install libcurl4, or the package of that name of this system.")
    }
  }

  /// One call to Graph without a token, which it refuses as nobody else does.
  struct Graph {
    let finding: Finding
    /// What Graph's clock says, and what ours said at the same moment.
    var clocks: (theirs: Timestamp, ours: Timestamp)?

    init(_ configuration: Configuration) {
      let address = configuration.graphURL
      do throws(TransferError) {
        var client = HTTPClient(options: ClientOptions(userAgent: "meta-module/\(version)"))
        let reply = try client.perform(
          HTTPRequest(
            url: "\(address)/\(configuration.graphVersion)/me", timeout: .seconds(configuration.graphTimeout))
        )
        let now = Timestamp.now
        clocks = reply.headers["Date"].flatMap { Timestamp(httpDate: $0) }.map { ($0, now) }
        if reply.status < 500, !(300..<400).contains(reply.status), !Self.isGraphs(reply) {
          finding = .trouble(
            "graph",
            "\(address) answers with status \(reply.status), but not as Graph does: it is another server.",
            "Correct META_GRAPH_URL; Graph's own address is https://graph.facebook.com.")
        } else if reply.status >= 500 || (300..<400).contains(reply.status) {
          finding = .warning(
            "graph", "\(address) answered with status \(reply.status).",
            "If that stays, look at https://metastatus.com and at META_GRAPH_URL.")
        } else {
          let secure = address.hasPrefix("https:") ? ", and its certificate is good" : ""
          finding = .ok("graph", "\(address) answers\(secure).")
        }
      } catch {
        finding = .trouble("graph", "\(address) cannot be asked. \(error)", Self.remedy(for: error))
      }
    }

    /// Graph's errors have a number, and a trace id that Meta's support asks for.
    private static func isGraphs(_ reply: HTTPReply) -> Bool {
      guard let error = (try? JSONValue(parsing: reply.body))?["error"] else { return false }
      return error["code"]?.int64 != nil && error["fbtrace_id"]?.string != nil
    }

    private static func remedy(for error: TransferError) -> String {
      switch error {
      case .unavailable: "Install libcurl."
      case .unresolved:
        "Check the name servers of this machine (/etc/resolv.conf) and META_GRAPH_URL." + proxies
      case .refused, .timedOut, .broken:
        "Check that this machine may reach it: firewall, routing, the host's own rules." + proxies
      case .tls:
        "Check the clock of this machine and its certificates (apt install ca-certificates). A proxy that opens "
          + "connections cannot be used."
      case .tooLarge, .crowded, .invalidRequest: "Check META_GRAPH_URL: what answers there is not Graph."
      case .forbidden, .notTaken: "Try again."
      case .outOfMemory: "Give this machine more memory."
      }
    }

    /// Where the only way out is a proxy, nothing else helps than to know that none is used.
    private static var proxies: String {
      let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
      guard let name = names.first(where: { getenv($0) != nil }) else { return "" }
      return " The proxy in \(name) is not used: tokens go to Graph directly or not at all."
    }
  }

  func clock(_ graph: Graph, _ application: Application?) -> Finding {
    let remedy = "Set it, and let it be kept: timedatectl set-ntp true, or ask the host."
    if let (theirs, ours) = graph.clocks {
      let difference = ours.seconds - theirs.seconds
      let side = difference < 0 ? "behind" : "ahead of"
      if abs(difference) > 60 {
        return .trouble(
          "clock", "This machine's clock is \(abs(difference)) seconds \(side) Graph's.", remedy)
      }
      return .ok("clock", "It agrees with Graph's.")
    }
    // Nobody to compare with: but what was written down earlier cannot be later than now.
    if let newest = try? application?.store().events(limit: 1).first,
      newest.at.seconds > Timestamp.now.seconds + 60
    {
      return .trouble(
        "clock", "The newest event is of \(newest.at), which has not come yet: the clock went back.", remedy)
    }
    return .ok("clock", "\(Timestamp.now); Graph's could not be asked.")
  }
}
