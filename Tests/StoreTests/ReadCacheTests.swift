import TestSupport
import Testing

@testable import Store

/// What the workers of a process remember together.
@Suite(.onEachEngine) struct ReadCacheTests {
  private let fixture: StoreFixture
  private let memory = ReadCache.Memory(maximumBytes: 1 << 20)

  init() throws { fixture = try StoreFixture() }

  private func worker() throws -> ReadCache {
    let reads = ReadCache(of: try fixture.anotherStore(), in: memory)
    try reads.forgetIfAnythingWasWritten()
    return reads
  }

  @Test func `what one worker has read no other one asks for`() throws {
    try fixture.save(fixture.mapping())
    let (first, second) = (try worker(), try worker())
    let answer = try first.latestMappingWithInstagram(clientID: "client_1", pageID: nil)
    let bytes = memory.bytes
    #expect(bytes > 0)
    #expect(try second.latestMappingWithInstagram(clientID: "client_1", pageID: nil) == answer)
    #expect(memory.bytes == bytes)
    let counter = try fixture.anotherStore().changeCounter()
    #expect(memory.answer(to: .mapping(clientID: "client_1", pageID: nil), at: counter) == .mapping(answer))
  }

  @Test func `what was revoked or removed is forgotten by all of them at once`() throws {
    let mapping = try fixture.save(fixture.mapping())
    let hash = [UInt8](repeating: 1, count: 32)
    let key = try fixture.store.insertKey(label: "Site", scope: .read, prefix: "mm_abcdef", hash: hash)
    let workers = try (0..<3).map { _ in try worker() }
    for worker in workers {
      #expect(try worker.key(hash: hash)?.id == key.id)
      #expect(try worker.latestMappingWithInstagram(clientID: "client_1", pageID: nil) != .none)
      #expect(try worker.credentials().keysInForce == 1)
    }
    #expect(try fixture.store.revokeKey(key.id))
    _ = try fixture.store.removeMapping(mapping)
    for worker in workers {
      try worker.forgetIfAnythingWasWritten()
      #expect(try worker.key(hash: hash) == nil)
      #expect(try worker.latestMappingWithInstagram(clientID: "client_1", pageID: nil) == .none)
      #expect(try worker.credentials().keysInForce == 0)
    }
  }

  @Test func `what a worker read before a write is not kept for those that came after it`() throws {
    let id = try fixture.save(fixture.mapping())
    let slow = try worker()
    let before = try fixture.anotherStore().changeCounter()
    let old = try fixture.store.latestMappingWithInstagram(clientID: "client_1")
    _ = try fixture.store.removeMapping(id)
    let quick = try worker()
    memory.keep(.mapping(old), for: .mapping(clientID: "client_1", pageID: nil), readAt: before)
    #expect(try quick.latestMappingWithInstagram(clientID: "client_1", pageID: nil) == .none)
    _ = slow
  }

  @Test func `a hundred thousand clients take no more room than there is`() throws {
    let row = StoredMapping(
      id: 1, clientID: "client_000001", pageID: "104567890123", instagramAccountID: "17841405822348523",
      sealedPageToken: String(repeating: "s", count: 300), tokenID: 1, pageName: "A Page of some name",
      instagramUsername: "a_user_of_some_name", createdAt: noon, updatedAt: noon)
    let counter = try fixture.store.changeCounter()
    memory.forget(unlessReadAt: counter)
    for number in 0..<100_000 {
      let question = ReadCache.Question.mapping(clientID: "client_\(number)", pageID: nil)
      memory.keep(.mapping(.mapping(row)), for: question, readAt: counter)
      #expect(memory.answer(to: question, at: counter) == .mapping(.mapping(row)))
      guard memory.bytes <= 1 << 20 else { return #expect(memory.bytes <= 1 << 20) }
    }
    // Those asked for again and again stay.
    for number in 0..<10_000 {
      memory.keep(
        .mapping(.mapping(row)), for: .mapping(clientID: "other_\(number)", pageID: nil), readAt: counter)
      #expect(memory.answer(to: .mapping(clientID: "client_99999", pageID: nil), at: counter) != nil)
    }
  }

  @Test func `the same file opened anew is another era, even if it looks the same`() throws {
    let folder = try TemporaryFolder()
    func era() throws -> UInt64 { try Store(folder: folder.path).changeCounter().era }
    #expect(try era() != era())
    let kept = try Store(folder: folder.path)
    #expect(try era() == kept.changeCounter().era)
  }

  @Test func `without a WAL each worker remembers for itself`() throws {
    let folder = try TemporaryFolder()
    let store = try Store(file: DatabaseFile(folder: folder.path, carriesWAL: false))
    _ = try store.insertKey(
      label: "Site", scope: .read, prefix: "mm_abcdef", hash: [UInt8](repeating: 2, count: 32))
    let reads = ReadCache(of: store, in: memory)
    try reads.forgetIfAnythingWasWritten()
    _ = try reads.key(hash: [UInt8](repeating: 2, count: 32))
    #expect(memory.bytes == 0)
  }
}
