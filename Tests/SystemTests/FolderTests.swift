import Foundation
import Glibc
import Testing

@testable import System

/// What every door needs of files, each on a folder of its own.
struct FolderTests {
  private final class Scratch {
    let path = NSTemporaryDirectory() + "system-" + UUID().uuidString
    init() throws { try Folder.make(path) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private func mode(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  @Test func `a folder is made with all that is missing on the way, for its owner alone`() throws {
    let scratch = try Scratch()
    try Folder.make(scratch.path + "/a/b/c")
    for way in ["/a", "/a/b", "/a/b/c"] { #expect(mode(of: scratch.path + way) == 0o700) }
    try Folder.make(scratch.path + "/a/b/c")
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
  func `what root makes in somebody's folder is theirs, unless root is to keep it`() throws {
    let scratch = try Scratch()
    chown(scratch.path, 12345, 12345)
    var status = stat()
    try Folder.make(scratch.path + "/theirs/too")
    #expect(stat(scratch.path + "/theirs/too", &status) == 0 && status.st_uid == 12345)
    try Folder.make(scratch.path + "/ours/too", isGivenAway: false)
    #expect(stat(scratch.path + "/ours/too", &status) == 0 && status.st_uid == 0)
  }

  @Test func `a file in the way is told`() throws {
    let scratch = try Scratch()
    _ = try Descriptor(opening: scratch.path + "/file", O_WRONLY | O_CREAT)
    #expect(throws: SystemError(code: ENOTDIR)) { try Folder.make(scratch.path + "/file/a") }
  }

  @Test func `every name in a folder is shown once`() throws {
    let scratch = try Scratch()
    let names = Set((0..<300).map { "n\($0)" })
    for name in names { _ = try Descriptor(opening: scratch.path + "/" + name, O_WRONLY | O_CREAT) }
    var seen: [String] = []
    try Folder.forEachName(in: Descriptor(opening: scratch.path, O_RDONLY | O_DIRECTORY)) {
      seen.append(String(cString: $0))
    }
    #expect(seen.count == 300 && Set(seen) == names)
  }

  @Test func `bytes are written whole, at the end or anywhere, and what cannot be written is told`() throws {
    let scratch = try Scratch()
    let file = try Descriptor(opening: scratch.path + "/file", O_RDWR | O_CREAT)
    try file.write(Array("hello".utf8))
    try file.write(Array("y".utf8), at: 0)
    #expect(FileManager.default.contents(atPath: scratch.path + "/file") == Data("yello".utf8))
    let readOnly = try Descriptor(opening: scratch.path + "/file", O_RDONLY)
    var failure: SystemError?
    do { try readOnly.write([1]) } catch { failure = error }
    #expect(failure == SystemError(code: EBADF))
  }

  @Test func `a lock belongs to the open file: others wait, and have it when that is closed`() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/lock"
    let other = try Descriptor(opening: path, O_RDWR | O_CREAT)
    do {
      let first = try Descriptor(opening: path, O_RDWR)
      let isShared = try first.tryLock(isShared: true) && other.tryLock(isShared: true)
      let isExclusive = try first.tryLock()
      #expect(isShared && !isExclusive)
      other.unlock()
      let isTaken = try first.tryLock()
      let isOthers = try other.tryLock() || other.tryLock(isShared: true)
      #expect(isTaken && !isOthers)
      let bytes = try [first.tryLock(byte: 7), other.tryLock(byte: 7), other.tryLock(byte: 8)]
      #expect(bytes == [true, false, true])
    }
    let isFree = try other.tryLock() && other.tryLock(byte: 7)
    #expect(isFree)
  }

  @Test func `a lock whose file was removed is no lock on the path`() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/claim"
    func isFree() throws -> Bool { try Descriptor.claim(path) != nil }
    let held = try Descriptor.claim(path)
    let isHeld = held != nil
    #expect(isHeld)
    #expect(try !isFree())
    unlink(path)
    #expect(try isFree())
    _ = consume held
  }

  @Test func `a probe that was killed and left its file makes no folder unwritable`() throws {
    let scratch = try Scratch()
    _ = try Descriptor(opening: "\(scratch.path)/.probe.\(getpid())", O_WRONLY | O_CREAT)
    let probe = Descriptor(owning: StorageProbe.openUnlinked(in: scratch.path))
    let number = probe.number
    #expect(number >= 0)
    #expect(Folder.names(in: scratch.path).count == 1)
  }

  /// `/` with a combining mark behind it is one character, and for the kernel a slash.
  @Test func `a name that begins with a combining mark hides no folder that anybody may write to`() throws {
    let scratch = try Scratch()
    let open = scratch.path + "/open"
    try Folder.make(open)
    chmod(open, 0o777)
    for name in ["plain", "\u{301}marked"] {
      _ = try Descriptor(opening: "\(open)/\(name)", O_WRONLY | O_CREAT)
      for path in ["\(open)/\(name)", "\(open)/\u{301}none/../\(name)"] {
        if path.contains("none") { try Folder.make("\(open)/\u{301}none") }
        var distrust: Distrust?
        do { try PathTrust(folder: scratch.path).check(path) } catch { distrust = error }
        #expect(distrust?.path == open)
      }
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
  func `a file whose name begins with a combining mark is given to its folder's owner`() throws {
    let scratch = try Scratch()
    chown(scratch.path, 12345, 12345)
    let path = scratch.path + "/\u{301}marked"
    _ = try Descriptor(opening: path, O_WRONLY | O_CREAT)
    FileOwner.inherit(path)
    var status = stat()
    #expect(lstat(path, &status) == 0 && status.st_uid == 12345)
  }

  @Test func `waiting ends at the deadline, or as soon as it is had`() throws {
    var attempts = 0
    let isHad = try Deadline.after(milliseconds: 60_000).wait(every: 1) { () throws(SystemError) in
      attempts += 1
      return attempts == 3
    }
    #expect(isHad)
    let isLate = try !Deadline.now.wait(every: 1) { () throws(SystemError) in false }
    #expect(isLate)
  }
}
