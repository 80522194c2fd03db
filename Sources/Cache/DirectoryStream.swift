internal import Glibc
internal import System

/// The names in a folder, one after the other; a cache can have a million files, so never all at once.
struct DirectoryStream: ~Copyable {
  private let stream: OpaquePointer
  /// For `fstatat` and `unlinkat` while the stream is open.
  let descriptor: Int32

  /// Lists an open folder. `fdopendir` takes its descriptor over, so it gets one of its own.
  init(listing folder: borrowing Descriptor) throws(SystemError) {
    let own = try Descriptor(opening: ".", O_RDONLY | O_DIRECTORY, in: folder.number)
    guard let stream = fdopendir(own.number) else { throw SystemError(code: errno) }
    self.stream = stream
    descriptor = own.surrender()
  }

  deinit { closedir(stream) }

  /// The next name but `.` and `..`, `nil` at the end. Valid until the next call.
  borrowing func next() throws(SystemError) -> UnsafePointer<CChar>? {
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw SystemError(code: errno) }
        return nil
      }
      let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
      let name = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
      if strcmp(name, ".") != 0, strcmp(name, "..") != 0 { return name }
    }
  }
}
