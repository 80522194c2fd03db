import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

@testable import Cache
@testable import MetaModule
@testable import Store
@testable import System
@testable import Text

/// `GET /media/<media_id>/<width>/` (API.md, section 8).
@Suite struct PictureEndpointTests {
  static let account = "17841405822348523"
  static let medium = "17999999999999999"

  /// With a client whose grid is in the cache.
  static func harness(_ settings: [String: String] = [:]) throws -> Harness {
    let harness = try Harness(settings: settings)
    harness.addClient()
    harness.send("GET", "/instagram/client_001/")
    harness.simulator.clearCalls()
    return harness
  }

  private static func source(_ harness: Harness, _ id: String = medium) throws -> String {
    let entry = try #require(harness.cachedGrid)
    let grid = try JSONValue(parsing: entry.body)
    return try #require(PictureID(id)?.sources(inGrid: grid).first)
  }

  static func path(
    _ harness: Harness, _ width: PictureWidth = .small, of id: String = medium, source: String? = nil
  ) throws -> String {
    let services = Services(harness.application.rooms) { Event(actor: "test", action: $0) }
    let source = try source ?? Self.source(harness, id)
    let addresses = try services.pictures.addresses()
    return addresses.path(of: try #require(addresses.name(of: id, account: account, source: source)), width)
  }

  @discardableResult
  static func get(_ harness: Harness, _ target: String, accept: String? = nil, tag: String? = nil)
    -> Answer
  {
    var request = Request("GET", target)
    if let accept { request.take("HTTP_ACCEPT", accept) }
    request.ifNoneMatch = tag
    return harness.send(request)
  }

  static func calls(_ harness: Harness) -> [GraphSimulator.Endpoint: Int] {
    harness.simulator.counts()
  }

  private static let immutable = "public, max-age=31536000, immutable"
  private static let short = "public, max-age=60"

  @Test func `the first wish costs one fetch and nothing of Graph's, the next ones cost nothing`() throws {
    let harness = try Self.harness()
    let path = try Self.path(harness)
    let first = Self.get(harness, path, accept: "image/avif,image/webp,*/*;q=0.8")
    #expect(first.status == 200)
    #expect(first.header("Content-Type") == "image/webp")
    #expect(first.header("Cache-Control") == Self.immutable)
    #expect(first.header("Vary") == "Accept")
    #expect(first.header("Cross-Origin-Resource-Policy") == "cross-origin")
    #expect(first.header("Content-Security-Policy") == "default-src 'none'; sandbox")
    #expect(first.header("X-Content-Type-Options") == "nosniff")
    #expect(first.bytes.count == first.contentLength)
    #expect(first.bytes.prefix(4) == Array("RIFF".utf8)[...])
    #expect(Self.calls(harness) == [.cdn: 1])
    let tag = try #require(first.header("ETag"))

    let again = Self.get(harness, path, accept: "image/webp")
    #expect(again.bytes == first.bytes)
    #expect(Self.get(harness, path, accept: "image/webp", tag: tag).status == 304)
    let jpeg = Self.get(harness, path, accept: "*/*")
    #expect(jpeg.header("Content-Type") == "image/jpeg")
    #expect(jpeg.header("ETag") != tag)
    #expect(Self.get(harness, path, tag: tag).status == 200)
    for width in PictureWidth.allCases {
      #expect(Self.get(harness, try Self.path(harness, width)).header("Cache-Control") == Self.immutable)
    }
    #expect(Self.calls(harness) == [.cdn: 1])
    let head = harness.send("HEAD", path)
    #expect((head.status, head.bytes.count) == (200, 0))
    #expect(head.contentLength == jpeg.bytes.count)
  }

  @Test func `what is seen of a picture is known afterwards`() throws {
    let harness = try Self.harness()
    let services = Services(harness.application.rooms) { Event(actor: "test", action: $0) }
    #expect(services.pictures.facts(ofAccount: Self.account).isEmpty)
    Self.get(harness, try Self.path(harness))
    let name = try services.pictures.addresses().name(
      of: Self.medium, account: Self.account, source: Self.source(harness))
    let facts = try #require(name.flatMap { services.pictures.facts(ofAccount: Self.account)[$0] })
    #expect((facts.width, facts.height) == (1080, 1080))
    #expect(facts.color.utf8.count == 7)
  }

  @Test func `nothing is fetched for an address that is none of ours`() throws {
    let harness = try Self.harness()
    let path = try Self.path(harness)
    let wrong = [
      path.replacing("/320/", with: "/640/"), path.replacing("/320/", with: "/321/"),
      path.replacing(Self.medium, with: "17888888888888888"), path.replacing("?v=", with: "?w="), path + "x",
      path.replacing("?v=178", with: "?v=179"), "/media/\(Self.medium)/320/", "/media/x/320/?v=1",
    ]
    for target in wrong {
      let answer = Self.get(harness, target)
      #expect(answer.status == 404, "\(target)")
      #expect(answer.header("Cache-Control") == "no-store")
    }
    #expect(Self.calls(harness).isEmpty)
  }

  @Test func `a film shows its poster, and a profile its portrait`() throws {
    let harness = try Self.harness()
    for id in ["17888888888888888", "\(Self.account)-profile"] {
      let answer = Self.get(harness, try Self.path(harness, of: id))
      #expect(answer.status == 200)
      #expect(answer.header("Content-Type") == "image/jpeg")
    }
    #expect(Self.calls(harness) == [.cdn: 2])
  }

  @Test(arguments: [403, 404]) func `a dead address is asked for anew, once`(status: Int) throws {
    let harness = try Self.harness()
    let path = try Self.path(harness)
    let dead = Fault.Kind.raw(
      status: status, headers: ["Content-Type": "text/plain"], body: Array("URL signature expired".utf8))
    harness.simulator.addFault(Fault(dead, match: .init(path: "/cdn/"), count: 1))
    #expect(Self.get(harness, path).status == 200)
    #expect(Self.calls(harness) == [.cdn: 2, .post: 1])
  }

  @Test func `addresses that die by the clock are asked for anew, and ours stay`() throws {
    let harness = try Self.harness(["META_CACHE_TTL": "1"])
    let (kept, other) = (try Self.path(harness), try Self.path(harness, of: "17888888888888888"))
    #expect(Self.get(harness, kept).status == 200)
    harness.simulator.setPictures(ahead: 5 * 86_400)
    harness.simulator.clearCalls()
    // A day later: what was fetched lies here; the rest has a new address at Meta, and the same one here.
    #expect(Self.get(harness, kept).status == 200)
    #expect(Self.calls(harness).isEmpty)
    #expect(Self.get(harness, other).status == 200)
    #expect(Self.calls(harness) == [.cdn: 2, .post: 1])
    try harness.age(seconds: 2)
    #expect(harness.send("GET", "/instagram/client_001/?images=local").status == 200)
    #expect(try Self.path(harness) == kept)
  }

  @Test func `with every address dead, what was fetched is served, and what was not is gone`() throws {
    let harness = try Self.harness()
    let path = try Self.path(harness)
    Self.get(harness, path)
    let dead = Fault.Kind.raw(status: 403, headers: [:], body: Array("URL signature expired".utf8))
    harness.simulator.addFault(Fault(dead, match: .init(path: "/cdn/")))
    #expect(Self.get(harness, path).status == 200)
    harness.simulator.clearCalls()
    let other = try Self.path(harness, of: "17888888888888888")
    for _ in 0..<5 {
      let answer = Self.get(harness, other)
      #expect(answer.status == 404)
      #expect(answer.header("Cache-Control") == "no-store")
    }
    #expect(Self.calls(harness) == [.cdn: 2, .post: 1])
  }

  @Test func `an address that was given out works when the cache has forgotten it`() throws {
    let harness = try Self.harness()
    let path = try Self.path(harness)
    try harness.application.rooms.cache?.clear()
    #expect(Self.get(harness, path).status == 200)
    #expect(Self.calls(harness) == [.cdn: 1, .post: 1])
  }

  @Test(arguments: [
    (Fault.Kind.raw(status: 200, headers: ["Content-Type": "image/jpeg"], body: Array("<html>".utf8)), 415),
    (.raw(status: 200, headers: ["Content-Type": "image/jpeg"], body: []), 415),
    (.redirect(location: "http://127.0.0.1:1/"), 502), (.empty(status: 500), 502), (.notHTTP, 502),
    (.gzipBomb(bytes: 64 << 20), 502), (.endless(bytes: 64 << 20), 502), (.reset(afterBytes: 100), 502),
    (.truncated(bytes: 100), 502),
  ])
  func `what is no picture is an error, and not asked for at once again`(fault: Fault.Kind, status: Int)
    throws
  {
    let harness = try Self.harness()
    let path = try Self.path(harness)
    harness.simulator.addFault(Fault(fault, match: .init(path: "/cdn/")))
    for _ in 0..<3 {
      let answer = Self.get(harness, path)
      #expect(answer.status == status)
      #expect(answer.header("Cache-Control") == "no-store")
    }
    // libcurl asks once more where a kept connection was reset before it said anything.
    #expect((1...2).contains(Self.calls(harness)[.cdn] ?? 0))
  }

  @Test func `half a picture is passed on, and not kept for years`() throws {
    let harness = try Self.harness()
    let path = try Self.path(harness)
    let whole = Self.get(harness, try Self.path(harness, .original)).bytes
    _ = try harness.application.clearCache()
    harness.send("GET", "/instagram/client_001/")
    for tenth in 1..<10 {
      let half = Array(whole[..<(whole.count * tenth / 10)])
      harness.simulator.addFault(
        Fault(.raw(status: 200, headers: [:], body: half), match: .init(path: "/cdn/"), count: 1))
      let answer = Self.get(harness, path)
      #expect((answer.status, answer.header("Cache-Control")) == (200, Self.short))
      #expect(answer.bytes == half)
    }
    let answer = Self.get(harness, path, accept: "image/webp")
    #expect((answer.header("Content-Type"), answer.header("Cache-Control")) == ("image/webp", Self.immutable))
  }

  @Test func `each kind of picture tells whether it has its end`() {
    func isWhole(_ bytes: [UInt8]) -> Bool? {
      let end = Array(bytes.suffix(PictureKind.endLength))
      return PictureKind(firstBytes: Array(bytes.prefix(16)))?
        .isWhole(firstBytes: Array(bytes.prefix(16)), lastBytes: end, count: bytes.count)
    }
    let scan: [UInt8] = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 7, 0xFF, 0, 7]
    let jpeg = [0xFF, 0xD8, 0xFF, 0xE1, 0xFF, 0xD8] + scan + [0xFF, 0xD9] + scan
    let film: [UInt8] = [0xFF, 0xDA, 9] + [UInt8](repeating: 3, count: 1000)
    #expect([jpeg, jpeg + [0xFF]].map(isWhole) == [false, false])
    #expect([jpeg + [0xFF, 0xD9], jpeg + [0xFF, 0xD9] + film].map(isWhole) == [true, true])
    let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + film + [0, 0, 0, 0]
    let end = Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82]
    #expect(
      [png, png + end.dropLast(), png + end, png + end + film].map(isWhole) == [false, false, true, true])
    let webp = Array("RIFF".utf8) + [14, 0, 0, 0] + Array("WEBP".utf8) + [UInt8](repeating: 0, count: 10)
    #expect([webp, Array(webp.dropLast()), webp + [0]].map(isWhole) == [true, false, true])
  }

  @Test func `a foreign address from Graph is not fetched from`() throws {
    let harness = try Self.harness()
    let server = try RawServer { $0.answerAll() }
    let evil = "\(server.url())/cdn/i/1_n.jpg"
    let path = try Self.path(harness, source: evil)
    try harness.application.rooms.cache?.clear()
    let body = #"{"id":"\#(Self.medium)","media_type":"IMAGE","media_url":"\#(evil)"}"#
    harness.simulator.addFault(
      Fault(
        .raw(status: 200, headers: ["Content-Type": "application/json"], body: Array(body.utf8)),
        match: .init(endpoint: .post)))
    #expect(Self.get(harness, path).status == 502)
    #expect(server.accepted == 0)
  }

  @Test func `while all who may wait for pictures do, grids and what lies ready are served`() throws {
    let harness = try Self.harness(["META_WORKERS": "1"])
    let path = try Self.path(harness)
    Self.get(harness, path)
    let lane = harness.application.shared.lanes.pictures
    guard let first = lane.tryEnter(), let second = lane.tryEnter(), lane.isFull else {
      Issue.record("not two places")
      return
    }
    #expect(Self.get(harness, path).header("Cache-Control") == Self.immutable)
    #expect(Self.get(harness, try Self.path(harness, .large)).header("Cache-Control") == Self.short)
    let cold = Self.get(harness, try Self.path(harness, of: "17888888888888888"))
    #expect((cold.status, cold.header("Retry-After")) == (503, "2"))
    #expect(harness.send("GET", "/instagram/client_001/").status == 200)
    #expect(harness.send("GET", "/health/").status == 200)
    #expect(Self.calls(harness) == [.cdn: 1])
    _ = consume first
    _ = consume second
    #expect(Self.get(harness, try Self.path(harness, of: "17888888888888888")).status == 200)
  }

  @Test(arguments: ["exit 0", "exit 70", "kill -9 $$", "echo '1080 1080 aabbcc'; echo no picture", "yes"])
  func `where meta-image fails the original stands in`(script: String) throws {
    let folder = try TemporaryFolder()
    let program = folder.path + "/meta-image"
    try "#!/bin/sh\n\(script)\n".write(toFile: program, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    let harness = try Self.harness(["META_IMAGE_BIN": program])
    let path = try Self.path(harness)
    for _ in 0..<2 {
      let answer = Self.get(harness, path, accept: "image/webp")
      #expect((answer.status, answer.header("Content-Type")) == (200, "image/jpeg"))
      #expect(answer.header("Cache-Control") == Self.short)
    }
    #expect(Self.get(harness, try Self.path(harness, .original)).header("Cache-Control") == Self.immutable)
    #expect(Self.calls(harness) == [.cdn: 1])
  }

  @Test func `without meta-image every width is the original`() throws {
    let harness = try Self.harness(["META_IMAGE_BIN": "/nowhere/meta-image"])
    let answer = Self.get(harness, try Self.path(harness))
    #expect(answer.status == 200)
    #expect(answer.header("Cache-Control") == Self.short)
    let original = Self.get(harness, try Self.path(harness, .original))
    #expect(original.bytes == answer.bytes)
    #expect(original.header("Cache-Control") == Self.immutable)
  }

  @Test func `a folder that takes nothing passes the original on`() throws {
    let harness = try Self.harness()
    let path = try Self.path(harness)
    let folder = PictureFolder(harness.application.configuration).path
    try Data().write(to: URL(filePath: folder))
    for _ in 0..<2 {
      let answer = Self.get(harness, path)
      #expect((answer.status, answer.header("Content-Type")) == (200, "image/jpeg"))
      #expect(answer.header("Cache-Control") == Self.short)
    }
    try FileManager.default.removeItem(atPath: folder)
    #expect(Self.get(harness, path).header("Cache-Control") == Self.immutable)
  }

  @Test func `however many want a picture at once, it is fetched once and made once`() throws {
    let harness = try Self.harness()
    let paths = try ["17999999999999999", "17888888888888888"].map { try Self.path(harness, of: $0) }
    let answers = Guarded<[Int]>([])
    let applications = try (0..<12).map { _ in try harness.another() }
    let threads = DispatchGroup()
    for (number, application) in applications.enumerated() {
      let path = paths[number % 2]
      let done = DispatchQueue(label: "wish \(number)")
      nonisolated(unsafe) let application = application
      done.async(group: threads) {
        let status = application.respond(to: Request("GET", path)).status
        answers.withLock { $0.append(status) }
      }
    }
    threads.wait()
    #expect(answers.withLock { $0 } == [Int](repeating: 200, count: 12))
    #expect(Self.calls(harness) == [.cdn: 2])
  }

  @Test func `the folder stays within its bound`() throws {
    let harness = try Self.harness(["META_IMAGE_MAX_BYTES": "1048576"])
    let grid = try JSONValue(parsing: try #require(harness.cachedGrid).body)
    for medium in grid["media"]?.array ?? [] {
      let id = try #require(medium["id"]?.string)
      #expect(Self.get(harness, try Self.path(harness, .large, of: id)).status == 200)
    }
    let folder = PictureFolder(harness.application.configuration)
    #expect(folder.totalBytes <= 1_048_576)
    let files = try FileManager.default.subpathsOfDirectory(atPath: "\(folder.path)/\(Self.account)")
    let sizes = try files.map {
      try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(Self.account)/\($0)")[.size] as? Int
        ?? 0
    }
    #expect(sizes.reduce(0, +) <= 1_048_576)
    #expect(files.count > 2)
  }

  @Test(arguments: [
    ("image/webp", true), ("text/html, image/WebP;q=0.9", true), ("image/avif,image/webp,*/*;q=0.8", true),
    ("", false), ("*/*", false), ("image/*", false), ("image/webp;q=0", false),
    ("image/webp; q=0.000", false),
    ("image/webpx", false), ("ximage/webp", false),
  ])
  func `WebP is for whoever names it`(header: String, takes: Bool) {
    #expect(AcceptedTypes.haveWebP(Array(header.utf8)) == takes)
  }
}
