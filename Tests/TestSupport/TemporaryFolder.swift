internal import Glibc

/// A folder that is there as long as the test. Its path is short: that of a socket has room for 107 bytes.
package final class TemporaryFolder: Sendable {
  /// Absolute, without a slash at its end.
  package let path: String

  /// Makes it.
  package init() throws {
    var template = Array("/tmp/meta-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure.cannotMake }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { Self.remove(path) }

  enum Failure: Error { case cannotMake }

  private static func remove(_ path: String) {
    // Links are removed, and not what they lead to.
    guard unlink(path) != 0, let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { remove(path + "/" + name) }
    }
    closedir(folder)
    rmdir(path)
  }
}
