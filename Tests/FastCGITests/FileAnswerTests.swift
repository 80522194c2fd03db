@testable import FastCGI
import Glibc
import System
import TestSupport
import Testing

/// Answers whose content is a file: read as they are sent, however slowly they are taken.
@Suite struct FileAnswerTests {
  /// A part of a file, as long as the path's number says; what is before it and behind it must not be sent.
  private static let part: SharedHandler = { exchange in
    let count = exchange.parameter("PATH_INFO").flatMap { Int($0.dropFirst()) } ?? 0
    guard let part = try? file(count, announced: count) else { return }
    exchange.write(Array("\n".utf8), part)
  }

  private static func file(_ count: Int, announced: Int) throws -> FilePart {
    let path = "/tmp/meta-file-\(UInt64.random(in: .min ... .max))"
    let file = try Descriptor(opening: path, O_RDWR | O_CREAT | O_EXCL)
    unlink(path)
    try file.write([UInt8(ascii: "<")] + content(count) + (announced > count ? [] : [UInt8(ascii: ">")]))
    return FilePart(of: file, from: 1, count: announced)
  }

  private static func content(_ count: Int) -> [UInt8] {
    // Doubled until it is long enough: a closure for each byte takes a minute in a debug build.
    var content = Array("abcdefghijklmnopqrstuvw".utf8)
    while content.count < count { content += content }
    return Array(content[..<count])
  }

  private static func expected(_ count: Int) -> String {
    "\n" + String(decoding: content(count), as: UTF8.self)
  }

  @Test(arguments: [0, 1, 7, 8, 65526, 65527, 65528, 65529, 131_056, 400_000])
  func `it arrives whole, and nothing else does`(count: Int) throws {
    let server = try RunningServer(handler: Self.part)
    let answer = try Client.exchange(server.path, Wire.request("/\(count)"))
    #expect(answer.protocolStatus == 0)
    #expect(answer.text == Self.expected(count))
  }

  @Test func `those that take it slowly hold no worker`() throws {
    let server = try RunningServer(workers: 2, handler: Self.part)
    let clients = try (0..<12).map { _ in try Client(server.path) }
    for (index, client) in clients.enumerated() {
      client.send(Wire.request("/\(900_000 + index)", keep: index % 2 == 0))
    }
    for _ in 0..<20 { #expect(try Client.exchange(server.path, Wire.request("/3")).text == "\nabc") }
    for (index, client) in clients.enumerated() {
      let answer = Wire.answer(in: client.readAnswer())
      #expect(answer.text == Self.expected(900_000 + index))
      #expect(answer.protocolStatus == 0)
      guard index % 2 == 0 else { continue }
      client.send(Wire.request("/4"))
      #expect(Wire.answer(in: try #require(client.readToEnd())).text == "\nabcd")
    }
  }

  @Test func `a client that leaves in the middle concerns nobody else`() throws {
    let server = try RunningServer(workers: 2, handler: Self.part)
    for index in 0..<100 {
      let client = try Client(server.path)
      client.send(Wire.request("/1000000", keep: index % 2 == 0))
    }
    let answer = try Client.exchange(server.path, Wire.request("/3"))
    #expect(answer.text == "\nabc")
  }

  @Test func `a file that has become shorter is no whole answer`() throws {
    let server = try RunningServer(workers: 2) { exchange in
      guard let part = try? Self.file(100_000, announced: 200_000) else { return }
      exchange.write([], part)
    }
    let client = try Client(server.path)
    client.send(Wire.request("/", keep: true))
    #expect(Wire.answer(in: try #require(client.readToEnd())).protocolStatus == nil)
  }
}
