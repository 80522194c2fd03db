internal import Glibc

/// The file that this process was started from, to notice that an upgrade has put another one in its place.
package struct OwnExecutable: Sendable {
  private let path: String?
  private let device: dev_t
  private let inode: ino_t

  /// To be made when the program starts: where there is no `/proc`, what lies there now is taken for its own.
  package init() {
    path = ProcessArguments.executable
    var status = stat()
    (device, inode) = path.map { stat($0, &status) == 0 } == true ? (status.st_dev, status.st_ino) : (0, 0)
  }

  /// Whether the file is gone or another one by now.
  package var isReplaced: Bool { Self.isReplacedByLink() ?? isReplacedByName() }

  /// What the kernel says; `nil` where `/proc` is missing, as in a chroot.
  private static func isReplacedByLink() -> Bool? {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      let text = buffer.bindMemory(to: CChar.self)
      let suffix = " (deleted)".utf8
      guard let start = text.baseAddress else { return nil }
      let length = readlink("/proc/self/exe", start, text.count)
      guard length > 0 else { return nil }
      return length > suffix.count && buffer[(length - suffix.count)..<length].elementsEqual(suffix)
    }
  }

  func isReplacedByName() -> Bool {
    guard let path, inode != 0 else { return false }
    var status = stat()
    return stat(path, &status) == 0 ? status.st_dev != device || status.st_ino != inode : errno == ENOENT
  }
}
