#if DEBUG || FUZZING
  import FastCGI
  import JSON
  import System

  @testable import Cache
  @testable import Cryptography
  @testable import Graph
  @testable import Imaging
  @testable import MetaModule
  @testable import Text

  /// What is read, each with the promises that it makes.
  enum FuzzTarget: String, CaseIterable {
    case request, form, path, json, graph, fernet, entry, records, picture

    /// Reads the bytes; traps when a promise is broken.
    func read(_ bytes: [UInt8]) {
      switch self {
      case .request: Self.readRequest(bytes)
      case .form: Self.readForm(bytes)
      case .path: Self.readPath(bytes)
      case .json: Self.readJSON(bytes)
      case .graph: Self.readGraph(bytes)
      case .fernet: Self.readFernet(bytes)
      case .entry: Self.readEntry(bytes)
      case .records: Self.readRecords(bytes)
      case .picture: Self.readPicture(bytes)
      }
    }

    /// Whatever it is, a picture made of it is one, no larger than it was, and as wide as it says.
    private static func readPicture(_ bytes: [UInt8]) {
      for (width, kind) in [(320, SmallPicture.Kind.webp), (7, .jpeg)] {
        guard let small = try? SmallPicture(of: bytes, width: width, as: kind) else { continue }
        precondition(small.width > 0 && small.height > 0 && small.color.utf8.count == 6)
        guard let again = try? SmallPicture(of: small.bytes, width: 4096, as: .jpeg) else {
          preconditionFailure("a picture of our own cannot be read")
        }
        precondition(again.width == min(width, small.width))
      }
    }

    // MARK: - What clients send

    /// CGI parameters, `NAME=value` between zero bytes, and all that is read from them before anybody is known.
    private static func readRequest(_ bytes: [UInt8]) {
      var request = Request()
      for pair in bytes.split(separator: 0) {
        let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let (name, value) = (Array(parts[0]), parts.count > 1 ? Array(parts[1]) : [])
        request.take(parameter: name.span, value: value.span)
      }
      if let path = try? RequestPath(of: request) {
        _ = RouteTable.route(request.method, path.segments)
        _ = RouteTable.allowedMethods(RouteTable.routes(for: path.segments))
      }
      _ = try? SessionCookie.hash(in: request)
      _ = SameOrigin.holds(for: request)
      _ = ProtectedMode.isDirectAndLocal(request)
      if let candidates = request.ifNoneMatch { _ = EntityTag.matches("\"x\"", candidates) }
      if let id = RequestIDs.accepted(request.requestID) {
        precondition((1...64).contains(id.utf8.count) && id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
      }
      _ = try? FormFields(query: request.queryString)
    }

    private static func readForm(_ bytes: [UInt8]) {
      readBody(bytes, type: "application/x-www-form-urlencoded")
    }

    private static func readBody(_ bytes: [UInt8], type: String) {
      var request = Request()
      request.contentType = type
      request.body = .complete(bytes)
      guard let body = try? BodyFields(of: request) else { return }
      var fields = FieldReader(body)
      let client = fields.string("client_id", .clientID)
      let page = fields.string("fb_page_id", .graphID)
      _ = fields.optionalString("ig_account_id", .graphID)
      let token = fields.string("access_token", .accessToken)
      _ = fields.string("account_label", .accountLabel)
      _ = fields.integer("token_id")
      _ = fields.password("password")
      _ = fields.optionalTimestamp("expires_at")
      guard (try? fields.finish()) != nil else { return }
      precondition(
        !client.isEmpty && !client.utf8.contains(UInt8(ascii: "/")) && !client.utf8.contains { $0 < 0x20 })
      precondition((1...32).contains(page.utf8.count) && page.utf8.allSatisfy(\.isDigit))
      precondition((1...4096).contains(token.utf8.count) && token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
    }

    /// A `PATH_INFO`, and the same bytes as a `REQUEST_URI`.
    private static func readPath(_ bytes: [UInt8]) {
      for name in ["PATH_INFO", "REQUEST_URI"] {
        var request = Request()
        for (name, value) in [
          ("REQUEST_METHOD", Array("GET".utf8)), ("SCRIPT_NAME", Array("/api/meta".utf8)), (name, bytes),
        ] {
          request.take(parameter: Array(name.utf8).span, value: value.span)
        }
        guard let path = try? RequestPath(of: request) else { continue }
        for segment in path.segments {
          precondition(!segment.isEmpty && segment != "." && segment != "..")
          precondition(
            !segment.utf8.contains {
              $0 < 0x20 || $0 == 0x7f || $0 == UInt8(ascii: "/") && name == "PATH_INFO"
            })
        }
      }
    }

    /// What can be read can be written, and reads as the same again.
    private static func readJSON(_ bytes: [UInt8]) {
      readBody(bytes, type: "application/json")
      guard let value = try? JSONValue(parsing: bytes) else { return }
      let written = value.serialized()
      precondition((try? JSONValue(parsing: written)) == value)
      precondition((try? JSONValue(parsing: value.serialized(escaping: .ascii))) == value)
    }

    // MARK: - What Graph answers

    private static func readGraph(_ bytes: [UInt8]) {
      guard let value = try? JSONValue(parsing: bytes, maximumDepth: 64, loneSurrogates: .replaced) else {
        return
      }
      if let grid = try? InstagramGrid(value) {
        let body = grid.json.serialized()
        precondition((try? JSONValue(parsing: body)) != nil, "a grid is JSON that we ourselves accept")
      }
      if let medium = try? InstagramMedium(value) { _ = JSONValue.object(medium.detailJSON).serialized() }
      _ = GraphPage(value)
      _ = GraphConnection(value)
      _ = try? GraphUser(value)
      _ = try? DebuggedToken(value)
    }

    // MARK: - What is stored

    private static let ring: KeyRing? = {
      guard let key = try? FernetKey("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=") else { return nil }
      return try? KeyRing([key])
    }()

    /// A token, or a key.
    private static func readFernet(_ bytes: [UInt8]) {
      let text = String(decoding: bytes, as: UTF8.self)
      if let ring, let plain = try? ring.open(text) {
        precondition((try? ring.open((try? ring.rotated(text)) ?? "")) == plain)
      }
      if let key = try? FernetKey(text) {
        precondition(key.revealed() == text, "only canonical text is accepted")
      }
    }

    /// A cache file: header and key as long as that key's are, then the body.
    private static func readEntry(_ bytes: [UInt8]) {
      guard let key = CacheKey("ig_grid_17841405822348523") else { return }
      let length = min(bytes.count, CachedEntry.fixedLength + key.text.utf8.count)
      var head = Array(bytes[..<length])
      let body = Array(bytes[length...])
      if let entry = head.withUnsafeBytes({ CachedEntry(head: $0, key: key, body: body) }) {
        precondition(entry.storedAt <= entry.freshUntil && entry.freshUntil <= entry.staleUntil)
      }
      // The checksum shuts nearly everything out: so once more with the right one.
      guard bytes.count >= 48 else { return }
      head.withUnsafeMutableBytes { head in
        head.storeBytes(of: CachedEntry.magic.littleEndian, toByteOffset: 0, as: UInt64.self)
        head.storeBytes(of: Int64(body.count).littleEndian, toByteOffset: 40, as: Int64.self)
        let sum = CachedEntry.checksum(head: UnsafeRawBufferPointer(head), body: body)
        head.storeBytes(of: sum.littleEndian, toByteOffset: 8, as: UInt64.self)
      }
      head.withUnsafeBytes { _ = CachedEntry(head: $0, key: key, body: body) }
    }

    // MARK: - What a web server sends

    /// FastCGI's records: in whatever pieces they come, the same becomes of them.
    private static func readRecords(_ bytes: [UInt8]) {
      let whole = RequestScanner.outcome(of: bytes, inPieces: max(1, bytes.count))
      for size in [1, 7] {
        let pieces = RequestScanner.outcome(of: bytes, inPieces: size)
        precondition(
          pieces.progress == whole.progress && pieces.replies == whole.replies
            && pieces.framed == whole.framed)
      }
      guard whole.progress == .complete else { return }
      let again = RequestScanner.outcome(of: whole.framed, inPieces: whole.framed.count)
      precondition(again.progress == .complete && again.replies.isEmpty && again.framed == whole.framed)
    }
  }
#endif
