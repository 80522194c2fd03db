import TestSupport
import Testing

@testable import MetaModule

@Suite struct PictureAddressTests {
  private static let account = "17841405822348523"
  private static let source =
    "https://scontent-muc2-1.cdninstagram.com/v/t51.2885-15/1_2_n.jpg?oh=00_A&oe=65AA"
  private let addresses = PictureAddresses(secret: [1, 2, 3])

  private func proof(of id: String, _ width: PictureWidth = .small, source: String = source) throws -> String
  {
    let name = try #require(addresses.name(of: id, account: Self.account, source: source))
    let path = addresses.path(of: name, width)
    #expect(path.hasPrefix("/media/\(id)/\(width.rawValue)/?v="))
    return String(path.split(separator: "=", maxSplits: 1)[1])
  }

  @Test(arguments: ["17999", "17999_1", "17999-1", "17999-20", "17841405822348523-profile"])
  func `an address says again which picture it is`(id: String) throws {
    let name = try #require(addresses.name(of: id, .small, proof: proof(of: id)))
    #expect(name == addresses.name(of: id, account: Self.account, source: Self.source))
    #expect(name.account == Self.account)
  }

  @Test func `a picture signed anew keeps its address, and another one has another`() throws {
    let anew = "https://scontent-fra3-2.cdninstagram.com/v/t51.2885-15/1_2_n.jpg?oh=00_B&oe=65BB"
    #expect(try proof(of: "1") == proof(of: "1", source: anew))
    let other = Self.source.replacing("1_2_n", with: "1_3_n")
    #expect(try proof(of: "1") != proof(of: "1", source: other))
  }

  @Test func `a proof is good for its id and its width alone`() throws {
    let proof = try proof(of: "1")
    #expect(addresses.name(of: "1", .medium, proof: proof) == nil)
    #expect(addresses.name(of: "2", .small, proof: proof) == nil)
    #expect(addresses.name(of: "1-1", .small, proof: proof) == nil)
    #expect(PictureAddresses(secret: [1, 2, 4]).name(of: "1", .small, proof: proof) == nil)
  }

  @Test func `no change of a proof goes unnoticed`() throws {
    let proof = Array(try proof(of: "1").utf8)
    for place in proof.indices {
      var changed = proof
      changed[place] = changed[place] == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "1")
      #expect(addresses.name(of: "1", .small, proof: String(decoding: changed, as: UTF8.self)) == nil)
    }
    for text in ["", ".", "1", "1.", "a.b", String(decoding: proof.dropLast(), as: UTF8.self)] {
      #expect(addresses.name(of: "1", .small, proof: text) == nil)
    }
  }

  @Test(arguments: [
    "", "-1", "1-", "1-0", "1-01", "1-100", "1-+1", "1-1-1", "1-Profile", "a-profile", "1_2-profile", "١",
    "1/2", "../1",
  ])
  func `what is no id has no address`(id: String) {
    #expect(addresses.name(of: id, account: Self.account, source: Self.source) == nil)
  }

  @Test func `facts are found again, torn lines and all`() throws {
    let folder = try TemporaryFolder()
    let file = PictureFactsFile(path: folder.path + "/\(Self.account)")
    let name = try #require(addresses.name(of: "1-2", account: Self.account, source: Self.source))
    #expect(file.read().isEmpty)
    let facts = PictureFacts(width: 1080, height: 1350, color: "#8a7f6c")
    file.add(PictureFacts(width: 1, height: 1, color: "#000000"), of: name)
    file.add(facts, of: name)
    #expect(file.read() == [name: facts])
    #expect(facts.size(.small) == (320, 400))
    #expect(facts.size(.original) == (1080, 1350))
    for number in 0..<4000 {
      let other = PictureName(account: Self.account, id: String(number), digest: name.digest)
      file.add(facts, of: other)
    }
    let kept = file.read()
    #expect(kept[PictureName(account: Self.account, id: "3999", digest: name.digest)] == facts)
    #expect(kept.count < 4000)
  }
}
