import Foundation
import Glibc
import Testing

@testable import System

/// Whose rights a command has. What becoming another account does to a whole process is tried with `metactl`.
struct AccountTests {
  private func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  @Test func `nobody is called so`() {
    #expect(Account(named: "no such account") == nil)
    #expect(Account(named: "root")?.name == "root")
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a folder away"))
  func `a folder is made for the account alone, and one that is there is left as it is`() throws {
    let scratch = NSTemporaryDirectory() + "account-" + UUID().uuidString
    try Folder.make(scratch)
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let account = try #require(Account(named: "nobody"))
    try account.make(scratch + "/theirs")
    let made = try #require(status(scratch + "/theirs"))
    #expect(made.st_mode & 0o7777 == 0o700 && made.st_uid == getpwnam("nobody")?.pointee.pw_uid)
    #expect(mkdir(scratch + "/there", 0o750) == 0)
    try account.make(scratch + "/there")
    let left = try #require(status(scratch + "/there"))
    #expect(left.st_mode & 0o7777 == 0o750 && left.st_uid == 0)
    #expect(throws: SystemError.self) { try account.make(scratch + "/missing/folder") }
  }

  @Test func `who has become nobody else is the caller`() {
    #expect(!Account.isBorrowed)
    #expect(Account.asCaller { geteuid() } == geteuid())
  }
}
