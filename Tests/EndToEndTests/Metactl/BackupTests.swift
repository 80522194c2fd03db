import Foundation
import GraphSimulator
import JSON
import TestSupport
import Testing

/// Where `metactl backup` puts its copies, and `metactl restore` what it replaces.
@Suite struct BackupTests {
  private let installation: Installation
  private var folder: String { installation.folder.path + "/backups" }

  init() throws {
    installation = try Installation(settings: Installation.app)
    let added = try installation.metactl(
      "token", "add", "--label", "John", input: installation.simulator.token("john"))
    try #require(added.status == 0, "\(added.text)")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
  }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func `--keep keeps the newest so many, and what is called otherwise`() throws {
    let others = ["meta-20200101T000000Z.sqlite3.gz", "meta-mine.sqlite3", "notes"]
    for name in others + ["meta-20200101T000000Z.sqlite3", "meta-20210101T000000Z.sqlite3"] {
      #expect(FileManager.default.createFile(atPath: folder + "/" + name, contents: nil))
    }
    let first = try installation.metactl("backup", "--keep", "2", folder, "--json")
    #expect(first.status == 0, "\(first.text)")
    let made = try #require(first.json["file"]?.string)
    #expect(first.json["removed"]?.array?.map(\.string) == [folder + "/meta-20200101T000000Z.sqlite3"])
    #expect(try names().contains("meta-20210101T000000Z.sqlite3"))
    #expect(try names().filter { others.contains($0) } == others)
    // At once: in the same second there is no second name.
    let second = try installation.metactl("backup", "--keep", "1", folder, "--json")
    #expect(second.status == 0, "\(second.text)")
    let newer = try #require(second.json["file"]?.string)
    #expect(newer > made)
    #expect(try names().filter { !others.contains($0) }.map { folder + "/" + $0 } == [newer])
    #expect(try installation.metactl("restore", newer).output.contains("Restored 1 token"))
  }

  @Test(arguments: [
    (["backup", "--keep", "0", "FOLDER"], 64, "1 to 100000"),
    (["backup", "--keep", "2", "-"], 64, "takes a folder"),
    (["backup", "--keep", "2", "--force", "FOLDER"], 64, "never replaces a file"),
    (["backup", "--keep", "2", "FOLDER/none"], 1, "Make it first."),
    (["backup", "-", "--json"], 64, "not both"),
  ])
  func `what goes together with nothing is told, and nothing is written`(
    arguments: [String], status: Int32, says: String
  ) throws {
    let outcome = try installation.metactl(list: arguments.map { $0.replacing("FOLDER", with: folder) })
    #expect(outcome.status == status && outcome.text.contains(says), "\(outcome.text)")
    #expect(try names().isEmpty)
  }

  @Test
  func `- writes the copy to standard output and nothing else, and restore takes it from standard input`()
    throws
  {
    let piped = folder + "/piped"
    #expect(FileManager.default.createFile(atPath: piped, contents: nil))
    let made = try installation.metactl("backup", "-", outputFile: piped)
    #expect(made.status == 0 && made.errors.contains("Backed up 1 token"), "\(made.text)")
    #expect(try Data(contentsOf: URL(filePath: piped)).starts(with: "SQLite format 3\0".utf8))
    let left = try FileManager.default.contentsOfDirectory(atPath: installation.data)
    #expect(!left.contains { $0.hasPrefix("backup.") }, "\(left)")
    #expect(try installation.metactl("token", "remove", "1").status == 0)
    let restored = try installation.metactl(
      "restore", "-", prefix: ["sh", "-c", "exec \"$@\" <\"$0\"", piped])
    #expect(restored.output.contains("Restored 1 token"), "\(restored.text)")
  }

  @Test func `a full standard output is told`() throws {
    let outcome = try installation.metactl("backup", "-", outputFile: "/dev/full")
    #expect(
      outcome.status == 2 && outcome.errors.contains("Standard output cannot be written"), "\(outcome.text)")
  }

  @Test func `restores of the same second all keep aside what they replace`() throws {
    let file = folder + "/backup"
    #expect(try installation.metactl("backup", file).status == 0)
    var kept = Set<String>()
    for _ in 0..<4 {
      let outcome = try installation.metactl("restore", file, "--json")
      #expect(outcome.status == 0, "\(outcome.text)")
      kept.insert(outcome.json["replaced"]?.string ?? "")
    }
    #expect(kept.count == 4 && kept.allSatisfy { FileManager.default.fileExists(atPath: $0) }, "\(kept)")
  }
}
