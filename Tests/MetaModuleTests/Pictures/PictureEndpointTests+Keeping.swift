import Cryptography
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

/// How long pictures are kept, and what is told of them.
extension PictureEndpointTests {
  @Test func `the pictures of a mapping go with it`() throws {
    let harness = try Self.harness()
    let path = try Self.path(harness)
    Self.get(harness, path)
    let folder = PictureFolder(harness.application.configuration).path
    #expect(FileManager.default.fileExists(atPath: "\(folder)/\(Self.account)"))
    let id = try #require(try harness.mapping("client_001")?.id)
    #expect(harness.send("DELETE", "/mappings/\(id)/").status == 204)
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/\(Self.account)"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/facts/\(Self.account)"))
    harness.simulator.clearCalls()
    #expect(Self.get(harness, path).status == 404)
    #expect(Self.calls(harness).isEmpty)
  }

  @Test func `the pictures of a medium go when a feed hides it`() throws {
    let harness = try Self.harness()
    let other = "17888888888888888"
    for id in [Self.medium, other] { Self.get(harness, try Self.path(harness, of: id)) }
    let made = harness.send(
      "POST", "/feeds/", #"{"client_id":"client_001","name":"Home","origins":["any"]}"#)
    let feed = try #require(made.json["id"]?.int64)
    #expect(harness.send("PATCH", "/feeds/\(feed)/", #"{"hidden":["\#(Self.medium)"]}"#).status == 200)
    let folder = PictureFolder(harness.application.configuration).path
    let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(Self.account)")
    #expect(files.count == 2)
    #expect(files.allSatisfy { $0.hasPrefix(other + ".") })
    // It is hidden in that feed alone: the client's grid and its other feeds go on showing it.
    harness.simulator.clearCalls()
    #expect(Self.get(harness, try Self.path(harness)).status == 200)
    #expect(Self.calls(harness) == [.cdn: 1])
  }

  @Test func `the pictures and the grid of an account go when its last client gets another`() throws {
    let harness = try Self.harness()
    Self.get(harness, try Self.path(harness))
    let folder = PictureFolder(harness.application.configuration).path
    let page =
      #"{"id":"104567890123","name":"x","access_token":"EAAP","instagram_business_account":{"id":"178"}}"#
    harness.sync("client_002")
    harness.simulator.addFault(Fault(MarkingTests.raw(page), match: .init(endpoint: .page)))
    harness.sync("client_001")
    #expect(harness.cachedGrid != nil, "the other client shows it")
    harness.sync("client_002")
    #expect(harness.cachedGrid == nil)
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/\(Self.account)"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder)/facts/\(Self.account)"))
  }

  @Test func `what another machine has removed goes within a day`() throws {
    let harness = try Self.harness()
    Self.get(harness, try Self.path(harness))
    let folder = PictureFolder(harness.application.configuration)
    var isThere: Bool { FileManager.default.fileExists(atPath: "\(folder.path)/\(Self.account)") }
    let store = try harness.store()
    folder.tidyIfDue { (try? store.isInstagramAccountMapped($0)) ?? true }
    #expect(isThere)
    _ = try store.removeMapping(1)
    folder.tidyIfDue { (try? store.isInstagramAccountMapped($0)) ?? true }
    #expect(isThere, "once a day")
    let yesterday = Date(timeIntervalSinceNow: -86500)
    try FileManager.default.setAttributes(
      [.modificationDate: yesterday], ofItemAtPath: "\(folder.path)/tidied")
    folder.tidyIfDue { (try? store.isInstagramAccountMapped($0)) ?? true }
    #expect(!isThere)
  }

  @Test func `what is known of a picture is written down once, whatever is made of it`() throws {
    let harness = try Self.harness()
    let facts = PictureFolder(harness.application.configuration).facts(ofAccount: Self.account)
    Self.get(harness, try Self.path(harness))
    let size = facts.size
    #expect(size > 0)
    Self.get(harness, try Self.path(harness), accept: "image/webp")
    Self.get(harness, try Self.path(harness, .medium))
    #expect(facts.size == size)
  }

  @Test func `a visitor is not told of our keys`() throws {
    let harness = try Self.harness()
    let path = try Self.path(harness)
    harness.addToken("maria")  // A ring that opens nothing at all is the wrong one.
    let foreign = try KeyRing([.generate()]).seal(Array("token".utf8))
    let sealed = try #require(try harness.mapping("client_001")).sealedPageToken
    try harness.store().replacePageToken(1, with: foreign, ifSealedIs: sealed)
    _ = try harness.application.clearCache()
    let answer = Self.get(harness, path)
    #expect(answer.status == 502)
    #expect(answer.detail == "The picture could not be had from Meta.")
  }
}
