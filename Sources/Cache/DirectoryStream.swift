internal import Glibc

/// The names in a folder, one after the other; a cache can have a million files, so never all at once.
struct DirectoryStream: ~Copyable {
  private let stream: OpaquePointer
  /// For `fstatat` and `unlinkat` while the stream is open.
  let descriptor: Int32

  /// Lists an open folder. `fdopendir` takes its descriptor over, so it gets one of its own.
  init(listing folder: borrowing CacheDescriptor) throws(CacheErrno) {
    let own = try CacheDescriptor(opening: ".", O_RDONLY | O_DIRECTORY, in: folder.number)
    guard let stream = fdopendir(own.number) else { throw CacheErrno(code: errno) }
    self.stream = stream
    descriptor = own.surrender()
  }

  deinit { closedir(stream) }

  /// The next name but `.` and `..`, `nil` at the end. Valid until the next call.
  borrowing func next() throws(CacheErrno) -> UnsafePointer<CChar>? {
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw CacheErrno(code: errno) }
        return nil
      }
      let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
      let name = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
      if strcmp(name, ".") != 0, strcmp(name, "..") != 0 { return name }
    }
  }
}
