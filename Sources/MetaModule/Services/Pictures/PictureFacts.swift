internal import Glibc
internal import System
internal import Text

/// What is known of a picture once it has been fetched and looked at.
struct PictureFacts: Equatable, Sendable {
  /// As it is shown: a picture that lies on its side has been turned.
  let width, height: Int
  /// The mean of its colours, `#rrggbb`.
  let color: String

  /// How large it is in one of our widths.
  func size(_ width: PictureWidth) -> (width: Int, height: Int) {
    guard let pixels = width.pixels, pixels < self.width else { return (self.width, height) }
    return (pixels, max(1, (height * pixels + self.width / 2) / self.width))
  }
}

/// The facts of an account's pictures: one small file for all of them, so that a hundred cost one read.
///
/// A line for each picture, `<id> <digest> <width> <height> <rrggbb>`, in the order in which they were made. Lines are
/// appended whole; one that is torn, or was written twice, does no harm. Losing the file loses nothing but what the next
/// making tells again.
struct PictureFactsFile {
  /// Some 2,000 pictures; the older half goes when there are more.
  static let mostBytes = 128 << 10

  let path: String

  /// It grows with each line, and shrinks when half of them go; 0: there is none.
  var size: Int64 {
    var status = stat()
    return lstat(path, &status) == 0 ? Int64(status.st_size) : 0
  }

  func read() -> [PictureName: PictureFacts] {
    guard let bytes = SmallFile.read(path, limit: Self.mostBytes * 2) else { return [:] }
    let account = path.split(separator: "/").last.map(String.init) ?? ""
    var facts: [PictureName: PictureFacts] = [:]
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
      guard words.count == 5, let width = Int(words[2]), let height = Int(words[3]), width > 0, height > 0,
        words[4].utf8.count == 6
      else { continue }
      facts[PictureName(account: account, id: words[0], digest: words[1])] = PictureFacts(
        width: width, height: height, color: "#\(words[4])")
    }
    return facts
  }

  /// Adds what a making told. What cannot be written is not known for a while longer, which is no error.
  func add(_ facts: PictureFacts, of name: PictureName) {
    let line = "\(name.id) \(name.digest) \(facts.width) \(facts.height) \(facts.color.dropFirst())\n"
    guard let file = try? Descriptor(opening: path, O_WRONLY | O_CREAT | O_APPEND) else { return }
    try? file.write(Array(line.utf8))
    guard let size = try? file.status().st_size, size > Self.mostBytes,
      let bytes = SmallFile.read(path, limit: Self.mostBytes * 2)
    else { return }
    let half = bytes.suffix(Self.mostBytes / 2).drop { $0 != UInt8(ascii: "\n") }.dropFirst()
    _ = SmallFile.write(Array(half), to: path, replacing: true)
  }
}
