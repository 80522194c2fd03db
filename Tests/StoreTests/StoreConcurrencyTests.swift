import Glibc
import TestSupport
import Testing

@testable import Store

@Suite struct `Store: many at once` {
  @Test(arguments: ["empty", "previous schema"])
  func `eight processes open at once and all succeed`(_ start: String) throws {
    let folder = try TemporaryFolder()
    if start == "previous schema" { try makePreviousSchema(in: folder.path) }
    let processes = try (0..<8).map { _ in try TortureProcess("open", folder.path) }
    for process in processes { #expect(process.line() == "ready") }
    for process in processes { process.begin() }
    for process in processes { #expect(process.lines() == ["opened"]) }
    let store = try Store(folder: folder.path)
    #expect(try store.schemaVersion() == Schema.newest)
    #expect(try store.integrityProblems().isEmpty)
    #expect(try store.tokens(limit: 10).count == (start == "empty" ? 0 : 1))
  }

  @Test func `sixteen threads open at once and all succeed`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    let opened = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<16 { group.addTask { (try? Store(folder: path)) != nil } }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(opened == 16)
  }

  @Test func `of a hundred equal syncs in four processes exactly one creates`() throws {
    let fixture = try StoreFixture()
    let processes = try (0..<4).map { _ in try TortureProcess("sync", fixture.folder.path, "25") }
    for process in processes { #expect(process.line() == "ready") }
    for process in processes { process.begin() }
    let created = processes.map { $0.lines() }
    #expect(created.allSatisfy { $0 == ["0"] || $0 == ["1"] }, "\(created)")
    #expect(created.count { $0 == ["1"] } == 1)
    #expect(try fixture.store.mappings(limit: 10).count == 1)
  }

  @Test(arguments: 0..<5)
  func `kill -9 of writers loses nothing that was acknowledged`(_ round: Int) throws {
    let fixture = try StoreFixture()
    let writers = try (0..<3).map { try TortureProcess("write", fixture.folder.path, "w\($0)") }
    for writer in writers { #expect(writer.line() == "ready") }
    for writer in writers { writer.begin() }
    // One after the other, so that the others go on over what the dead one left behind.
    var acknowledged: [String] = []
    for writer in writers {
      for _ in 0..<5 { acknowledged.append(try #require(writer.line())) }
      usleep(useconds_t(round * 7_000))
      writer.kill()
      writer.wait()
    }
    for writer in writers { acknowledged += writer.lines() }
    #expect(acknowledged.count >= 15)
    let store = try fixture.anotherStore()
    #expect(try store.integrityProblems().isEmpty)
    let stored = try store.mappings(limit: 1_000_000)
    let clients = Set(stored.map(\.clientID))
    #expect(acknowledged.filter { !clients.contains($0) } == [])
    // No half row: each token begins with its own client.
    for mapping in stored {
      #expect(mapping.sealedPageToken == mapping.clientID + String(repeating: "x", count: 1000))
    }
  }

  @Test func `a rotation that is killed happened wholly or not at all`() throws {
    let fixture = try StoreFixture()
    for number in 0..<200 { try fixture.save(fixture.mapping(client: "c\(number)", sealed: "page#0")) }
    let rotation = try TortureProcess("rotate", fixture.folder.path)
    #expect(rotation.line() == "ready")
    rotation.begin()
    _ = rotation.line()
    usleep(50_000)
    rotation.kill()
    rotation.wait()
    let last = rotation.lines().last ?? "1"
    var suffixes: Set<String> = []
    try fixture.anotherStore().forEachSealed { sealed in
      suffixes.insert(String(sealed.drop { $0 != "#" }.dropFirst()))
    }
    #expect(suffixes.count == 1)
    #expect(try #require(Int(suffixes.first ?? "")) >= #require(Int(last)))
  }

  @Test func `the WAL stays small under writers, and no write is lost to a checkpoint`() throws {
    let fixture = try StoreFixture()
    let writers = try (0..<3).map { try TortureProcess("write", fixture.folder.path, "w\($0)") }
    for writer in writers { #expect(writer.line() == "ready") }
    for writer in writers { writer.begin() }
    var largest: Int64 = 0
    var size: Int64 = 0
    for _ in 0..<150 {
      usleep(10_000)
      // A reader stands in the way of checkpoints every now and then.
      _ = try fixture.store.mappings(limit: 1000)
      size = fixture.store.file.sizeOfWAL
      largest = max(largest, size)
    }
    for writer in writers {
      writer.kill()
      writer.wait()
    }
    #expect(largest > 0)
    #expect(largest < 8 << 20)
    #expect(try fixture.store.integrityProblems().isEmpty)
    let clients = Set(try fixture.store.mappings(limit: 1_000_000).map(\.clientID))
    for writer in writers {
      let acknowledged = writer.lines()
      #expect(acknowledged.filter { !clients.contains($0) } == [])
      // Nobody starves.
      #expect(acknowledged.count > 10)
    }
  }

  @Test func `with a rollback journal, readers and writers wait for each other`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    let first = try Store(file: DatabaseFile(folder: path, carriesWAL: false))
    let token = try first.saveToken(NewToken(accountLabel: "One", sealedToken: "s")).token.id
    let failures = await withTaskGroup(of: [String].self) { group in
      for worker in 0..<4 {
        group.addTask {
          do throws(StoreError) {
            let store = try Store(file: DatabaseFile(folder: path, carriesWAL: false))
            for number in 0..<10 {
              _ = try store.saveMapping(
                NewMapping(
                  clientID: "\(worker)-\(number)", pageID: "1", instagramAccountID: "1", sealedPageToken: "p",
                  tokenID: token))
              _ = try store.latestMappingWithInstagram(clientID: "0-0")
            }
            return []
          } catch { return ["\(error)"] }
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(failures.isEmpty)
    #expect(try first.mappings(limit: 100).count == 40)
  }

  @Test func `of a hundred sign-ins at once ten get through`() async throws {
    let fixture = try StoreFixture()
    let path = fixture.folder.path
    let open = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          guard let store = try? Store(folder: path) else { return 0 }
          var open = 0
          for _ in 0..<25 where (try? store.beginSignIn(from: "a", now: noon)) == .open { open += 1 }
          return open
        }
      }
      return await group.reduce(0, +)
    }
    #expect(open == 10)
  }
}

@Suite struct `Store: has anything changed` {
  @Test func `the counter stays while nothing is written`() throws {
    let fixture = try StoreFixture()
    let before = try fixture.store.changeCounter()
    _ = try fixture.store.tokens(limit: 10)
    _ = try fixture.anotherStore().mappings(limit: 10)
    #expect(try fixture.store.changeCounter() == before)
  }

  /// With a WAL its index tells; without one, SQLite's counter and ours.
  @Test(arguments: [true, false])
  func `the counter changes with a write of our own and of another connection`(carriesWAL: Bool) throws {
    let fixture = try StoreFixture()
    let file = DatabaseFile(folder: fixture.folder.path, carriesWAL: carriesWAL)
    fixture.store.connection = nil  // A WAL is given up only when nobody else has the database open.
    let other = try Store(file: file)
    let first = try other.changeCounter()
    if case .walIndex = first.state { #expect(carriesWAL) } else { #expect(!carriesWAL) }
    _ = try Store(file: file).saveMapping(fixture.mapping())
    let second = try other.changeCounter()
    #expect(second != first)
    _ = try other.removeMapping(1)
    #expect(try other.changeCounter() != second)
  }

  @Test func `what another process acknowledged is seen by the very next question`() throws {
    let fixture = try StoreFixture()
    let writer = try TortureProcess("write", fixture.folder.path, "w")
    #expect(writer.line() == "ready")
    var last = try fixture.store.changeCounter()
    writer.begin()
    for _ in 0..<200 {
      let client = try #require(writer.line())
      let counter = try fixture.store.changeCounter()
      // Several writes may have been acknowledged before we looked; the one we heard of must be visible.
      #expect(try fixture.store.latestMappingWithInstagram(clientID: client) != .none)
      if counter == last { continue }
      last = counter
    }
    writer.kill()
    writer.wait()
  }

  @Test func `a memo is valid exactly as long as the counter`() throws {
    let fixture = try StoreFixture()
    let worker = try fixture.anotherStore()
    var memo: (counter: ChangeCounter, page: MappingLookup)?
    for step in 0..<100 {
      if step % 7 == 3 { try fixture.save(fixture.mapping(page: "\(step)")) }
      if step % 11 == 5 { _ = try worker.saveMapping(fixture.mapping(page: "\(step)")) }
      let counter = try worker.changeCounter()
      if memo?.counter != counter {
        memo = (counter, try worker.latestMappingWithInstagram(clientID: "client_1"))
      }
      #expect(try memo?.page == fixture.store.latestMappingWithInstagram(clientID: "client_1"))
    }
  }
}
