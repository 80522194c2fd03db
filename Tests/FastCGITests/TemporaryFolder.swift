import Glibc

/// A folder for one test, gone at its end.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/fastcgi-tests-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw Failure(errno: errno) }
    path = String(cString: made)
  }

  struct Failure: Error { let errno: Int32 }

  deinit {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { unlink("\(path)/\(name)") }
      }
      closedir(folder)
    }
    rmdir(path)
  }

  var socket: String { "\(path)/s" }

  func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The type and permission bits of a file; 0 when there is none.
  func mode(_ path: String) -> UInt32 {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode : 0
  }
}
