internal import Glibc
internal import System
internal import Text

/// A picture as it came, or one that was made of it.
enum PictureForm: Equatable, Sendable {
  case original
  case made(PictureWidth, PictureKind)

  /// How the name of its file, and of the flight that brings it, ends.
  var suffix: String {
    switch self {
    case .original: "orig"
    case .made(let width, let kind): "\(width.rawValue)_\(kind == .webp ? "webp" : "jpeg")"
    }
  }
}

/// Where pictures are kept: `.pictures` in the cache's folder, whose other names belong to grids; a folder for each
/// account, so that what was an account's can go at once. Shared by all threads and processes.
///
///     <account>/<id>.<digest>.<form>     one picture
///     <account>/<random>.torso           one that is being written
///     facts/<account>                    what is known of an account's pictures
///     ledger                             how many bytes all of them take; its lock is taken by who adds or removes
///     makers                             a byte to be locked for each that may make a picture at the same time
///
/// Bounded in bytes: before one more than may be there is published, those that were looked at least recently go. A file's
/// time of modification is when it was looked at last, to the hour.
struct PictureFolder: Sendable {
  let path: String
  let maximumBytes: Int64

  init(_ configuration: Configuration) {
    path = configuration.cacheDirectory + "/.pictures"
    maximumBytes = Int64(configuration.imageMaximumBytes)
  }

  var makersPath: String { path + "/makers" }
  var ledgerPath: String { path + "/ledger" }

  func facts(ofAccount account: String) -> PictureFactsFile {
    PictureFactsFile(path: "\(path)/facts/\(account)")
  }

  /// Every word of a name was checked: none of them can lead elsewhere.
  private func path(of name: PictureName, _ form: PictureForm) -> String {
    "\(path)/\(name.account)/\(name.id).\(name.digest).\(form.suffix)"
  }

  /// The picture, if it is there and whole.
  func open(_ name: PictureName, _ form: PictureForm) -> PictureFile? {
    guard let file = try? Descriptor(opening: path(of: name, form), O_RDONLY | O_NONBLOCK) else { return nil }
    let status = try? file.status()
    guard let head = PictureHead(of: file, status) else { return nil }
    noteUse(of: file, status)
    return PictureFile(
      kind: head.kind, etag: head.etag,
      content: FilePart(of: file, from: PictureHead.length, count: head.count))
  }

  /// The same, to be read by a program of its own, at the place where the picture begins.
  func openForReading(_ name: PictureName, _ form: PictureForm) -> Descriptor? {
    guard let file = try? Descriptor(opening: path(of: name, form), O_RDONLY | O_NONBLOCK),
      PictureHead(of: file, try? file.status()) != nil,
      lseek(file.number, off_t(PictureHead.length), SEEK_SET) >= 0
    else { return nil }
    return file
  }

  private func noteUse(of file: borrowing Descriptor, _ status: stat?) {
    guard let status, abs(time(nil) - status.st_mtim.tv_sec) > 3600 else { return }
    futimens(file.number, nil)
  }

  /// A file for a picture that is going to be written, from where its head will end.
  func begin(_ name: PictureName) throws(SystemError) -> PictureTorso {
    let folder = "\(path)/\(name.account)"
    try Folder.make(folder, isGivenAway: false)
    try Folder.make("\(path)/facts", isGivenAway: false)
    return try PictureTorso.at("\(folder)/\(UInt64.random(in: .min ... .max)).torso")
  }

  /// Makes what was written visible under its name, once there is room for it and it has reached the disk.
  ///
  /// - Returns: the picture, which lies there from now on.
  func publish(
    _ torso: consuming PictureTorso, _ head: PictureHead, as name: PictureName, _ form: PictureForm
  ) throws(SystemError) -> PictureFile {
    try torso.complete(head)
    try makeRoom(for: Int64(head.count + PictureHead.length))
    let file = try torso.publish(as: path(of: name, form))
    return PictureFile(
      kind: head.kind, etag: head.etag,
      content: FilePart(of: file, from: PictureHead.length, count: head.count))
  }

  /// What there is of a medium, with the parts of an album.
  func remove(medium: String, account: String) {
    guard FieldRule.graphID.accepts(account), FieldRule.postID.accepts(medium) else { return }
    let folder = "\(path)/\(account)"
    for name in Folder.names(in: folder) where name.hasPrefix(medium + ".") || name.hasPrefix(medium + "-") {
      unlink("\(folder)/\(name)")
    }
  }

  /// All that was an account's.
  func remove(account: String) {
    guard FieldRule.graphID.accepts(account) else { return }
    let folder = "\(path)/\(account)"
    unlink(facts(ofAccount: account).path)
    for name in Folder.names(in: folder) { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }
}

/// A picture's file while it is being written, under a name that nobody looks for, or without one.
struct PictureTorso: ~Copyable {
  let file: Descriptor
  private let path: String?
  private var isPublished = false

  private init(_ file: consuming Descriptor, path: String?) {
    self.file = file
    self.path = path
  }

  static func at(_ path: String) throws(SystemError) -> PictureTorso {
    let torso = PictureTorso(try Descriptor(opening: path, O_RDWR | O_CREAT | O_EXCL), path: path)
    try torso.toStart()
    return torso
  }

  /// A file that never gets a name, outside of the folder, for a picture that is passed on because the folder takes none.
  static func nowhere() throws(SystemError) -> PictureTorso {
    let name = "/meta-picture-\(UInt64.random(in: .min ... .max))"
    for folder in ["/tmp", "/dev/shm"] {
      guard let file = try? Descriptor(opening: folder + name, O_RDWR | O_CREAT | O_EXCL) else { continue }
      unlink(folder + name)
      let torso = PictureTorso(file, path: nil)
      try torso.toStart()
      return torso
    }
    throw .last
  }

  deinit { if let path, !isPublished { unlink(path) } }

  /// Back to where the picture begins, with nothing written.
  borrowing func toStart() throws(SystemError) {
    guard ftruncate(file.number, 0) == 0, lseek(file.number, off_t(PictureHead.length), SEEK_SET) >= 0 else {
      throw .last
    }
  }

  /// So many bytes were written.
  var count: Int { max(0, Int((try? file.status())?.st_size ?? 0) - PictureHead.length) }

  /// The first of what was written.
  var firstBytes: [UInt8] { bytes(from: 0, to: min(16, count)) }

  /// The last of it.
  var lastBytes: [UInt8] { bytes(from: max(0, count - PictureKind.endLength), to: count) }

  private func bytes(from start: Int, to end: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: end - start)
    let read = bytes.withUnsafeMutableBytes { try? file.read(into: $0, at: PictureHead.length + start) }
    return Array(bytes.prefix(read ?? 0))
  }

  borrowing func complete(_ head: PictureHead) throws(SystemError) {
    try file.write(head.bytes, at: 0)
    guard fdatasync(file.number) == 0 else { throw .last }
  }

  consuming func publish(as name: String) throws(SystemError) -> Descriptor {
    guard let path else { throw SystemError(code: EINVAL) }
    guard rename(path, name) == 0 else { throw .last }
    isPublished = true
    return try Descriptor(opening: name, O_RDONLY)
  }

  /// What was written, without a name.
  consuming func surrender(count: Int) throws(SystemError) -> FilePart {
    let number = dup(file.number)
    guard number >= 0 else { throw .last }
    return FilePart(of: Descriptor(owning: number), from: PictureHead.length, count: count)
  }
}
