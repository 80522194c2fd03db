import Glibc

/// A folder that is there as long as the test.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/meta-store-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure.cannotMake }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { Self.remove(path) }

  enum Failure: Error { case cannotMake }

  private static func remove(_ path: String) {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { remove(path + "/" + name) }
      }
      closedir(folder)
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}
