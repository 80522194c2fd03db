internal import JSON
internal import Testing

@testable import GraphSimulator

@Suite struct ImageTests {
  private func show(_ graph: Graph, _ url: String?) -> WireReply {
    graph.request("GET", String((url ?? "").dropFirst(graph.server.url.utf8.count)))
  }

  @Test func `every URL of the demo answers a picture or a video`() throws {
    let graph = try Graph()
    let fields = "profile_picture_url,media.limit(4){media_url,thumbnail_url}"
    let profile = graph.get("/\(Demo.instagram)?fields=\(fields)").json
    var urls = [profile["profile_picture_url"]?.string]
    urls.append(graph.get("/me?fields=picture").json["picture"]?["data"]?["url"]?.string)
    urls.append(
      graph.get("/112233445566779?fields=picture", as: "maria").json["picture"]?["data"]?["url"]?.string)
    for row in profile["media"]?["data"]?.array ?? [] {
      urls += [row["media_url"]?.string, row["thumbnail_url"]?.string].filter { $0 != nil }
    }
    #expect(urls.count == 8)
    for url in urls {
      let reply = show(graph, url)
      #expect(reply.status == 200)
      if reply.headers["content-type"] == "video/mp4" {
        #expect(String(decoding: reply.body[4..<8], as: UTF8.self) == "ftyp")
      } else if reply.headers["content-type"] == "image/jpeg" {
        #expect(reply.body.prefix(3) == [0xFF, 0xD8, 0xFF])
        #expect(reply.body.count > 20_000)
      } else {
        #expect(reply.headers["content-type"] == "image/png")
        try checkPNG(reply.body)
      }
    }
  }

  /// Walks through the chunks and the stored blocks, checking every checksum.
  private func checkPNG(_ file: [UInt8]) throws {
    #expect(file.prefix(8) == [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    var position = 8
    var types: [String] = []
    while position < file.count {
      let length = word(file, position)
      let body = file[position + 4..<position + 8 + length]
      types.append(String(decoding: body.prefix(4), as: UTF8.self))
      #expect(word(file, position + 8 + length) == Int(CRC32.of(body)))
      if types.last == "IDAT" { #expect(inflatedSize(Array(body.dropFirst(4))) == 320 * 161) }
      position += 12 + length
    }
    #expect(types == ["IHDR", "PLTE", "IDAT", "IEND"])
  }

  private func word(_ bytes: [UInt8], _ position: Int) -> Int {
    bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  private func inflatedSize(_ stream: [UInt8]) -> Int {
    #expect(word(stream, 0) >> 16 % 31 == 0x7801 || stream.prefix(2) == [0x78, 0x01])
    var position = 2
    var size = 0
    while true {
      let isLast = stream[position] == 1
      let length = Int(stream[position + 1]) | Int(stream[position + 2]) << 8
      #expect(length ^ 0xffff == Int(stream[position + 3]) | Int(stream[position + 4]) << 8)
      size += length
      position += 5 + length
      if isLast { return size }
    }
  }

  @Test func `checksums are those of the standard`() {
    #expect(CRC32.of(Array("123456789".utf8)) == 0xcbf4_3926)
    #expect(CRC32.ofRun(0x20, count: 3) == CRC32.of([0x20, 0x20, 0x20]))
  }

  @Test func `a picture is always the same, and others are others`() {
    #expect(Painting("1").landscape() == Painting("1").landscape())
    #expect(Painting("1").landscape() != Painting("2").landscape())
    #expect(Painting("1").portrait() != Painting("1").silhouette())
  }

  @Test func `a URL is signed and ends`() throws {
    let graph = try Graph()
    let url = try #require(graph.get("/\(Demo.post)?fields=media_url").json["media_url"]?.string)
    #expect(graph.get("/\(Demo.post)?fields=media_url").json["media_url"]?.string == url)
    let query = Parameters(parsing: String(url.split(separator: "?")[1]))
    let end = try #require(query["oe"].flatMap { Int($0, radix: 16) })
    #expect((3 * 86_400...6 * 86_400).contains(end - GraphTime.now()))
    #expect(show(graph, url.replacing(Demo.post, with: "17888888888888888")).status == 403)
    #expect(show(graph, url.replacing("oh=00", with: "oh=01")).status == 403)
    #expect(show(graph, String(url.split(separator: "?")[0])).status == 403)
  }

  @Test(arguments: ["media_url", "picture"]) func `a URL whose time has come is refused`(field: String) throws
  {
    let graph = try Graph()
    let json =
      field == "picture"
      ? graph.get("/me?fields=picture").json : graph.get("/\(Demo.post)?fields=media_url").json
    let url = try #require(json["media_url"]?.string ?? json["picture"]?["data"]?["url"]?.string)
    let request = IncomingRequest(method: "GET", target: String(url.dropFirst(graph.server.url.utf8.count)))
    #expect(CDN().respond(to: request).status == 200)
    let late = CDN(now: GraphTime.now() + 40 * 86_400).respond(to: request)
    #expect(late.status == 403)
    #expect(String(decoding: late.body, as: UTF8.self) == "URL signature expired")
  }

  @Test func `pictures can fail too`() throws {
    let graph = try Graph()
    let url = graph.get("/\(Demo.post)?fields=media_url").json["media_url"]?.string
    graph.server.addFault(Fault(.empty(status: 404), match: Fault.Match(endpoint: .cdn)))
    #expect(show(graph, url).status == 404)
    #expect(graph.server.counts()[.cdn] == 1)
  }
}
