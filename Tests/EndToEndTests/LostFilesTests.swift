import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

/// The database's files are taken away under the running program.
@Suite struct LostFilesTests {
  private func health(_ site: Site) -> Int? { try? site.send("GET", "/api/meta/health/").status }

  @Test func `it says so, stops, makes nothing, and goes on when they are back`() throws {
    let site = try Site()
    try site.addClient()
    let database = "\(site.folder.path)/data/meta.sqlite3"
    for path in [database, database + "-wal", database + "-shm"] {
      #expect(rename(path, path + ".gone") == 0)
      #expect(Wait.until { health(site) == 503 }, "\(path)")
      // A worker that opens the database only now knows no more than that it is missing: others saw it go.
      let isTold = try Wait.until {
        let answer = try site.send("DELETE", "/api/meta/mappings/1/")
        #expect(answer.status == 503)
        return answer.json["detail"]?.string?.contains("taken away") == true
      }
      #expect(isTold, "\(path)")
      #expect(Wait.until { site.programLog().contains("\(path) was removed while the program was running") })
      #expect(access(path, F_OK) != 0)
      #expect(rename(path + ".gone", path) == 0)
      #expect(Wait.until { health(site) == 200 }, "\(path)")
    }
    #expect(try site.send("GET", "/api/meta/mappings/").json["mappings"]?.array?.count == 1)
  }

  @Test func `a WAL index that is cut ends nothing but the work, and a restart mends it`() throws {
    let site = try Site()
    try site.addClient()
    #expect(truncate("\(site.folder.path)/data/meta.sqlite3-shm", 0) == 0)
    for _ in 0..<3 { #expect(try site.send("GET", "/api/meta/tokens/").status == 503) }
    #expect(health(site) == 503)
    #expect(site.programs[0].isRunning)
    site.programs[0].end()
    try site.startProgram(0)
    #expect(health(site) == 200)
    #expect(try site.send("GET", "/api/meta/tokens/").json["tokens"]?.array?.count == 1)
  }

  @Test func `after a clean end the database file alone is a whole copy`() throws {
    let site = try Site()
    try site.addClient()
    site.programs[0].send(signal: SIGTERM)
    #expect(site.programs[0].status() == 0)
    let copy = try TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: "\(site.folder.path)/data/meta.sqlite3", toPath: copy.path + "/meta.sqlite3")
    let (status, output) = try ChildProcess.run(
      "sqlite3", [copy.path + "/meta.sqlite3", "SELECT count(*) FROM client_page_mapping"], environment: [:])
    #expect(status == 0 && output.hasPrefix("1"), "\(output)")
  }
}
