internal import Glibc
internal import System
internal import Text

/// What a picture's bytes are; they decide, whatever anybody says of them.
enum PictureKind: UInt8, Sendable {
  case jpeg = 1
  case png, webp

  init?(firstBytes bytes: [UInt8]) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if bytes.count >= 12, bytes.starts(with: "RIFF".utf8), bytes[8..<12].elementsEqual("WEBP".utf8) {
      self = .webp
    } else {
      return nil
    }
  }

  /// So much of a picture's end tells whether that is all of it.
  static let endLength = 64 << 10

  /// Whether nothing is missing at the end, as far as the file itself tells: there is a mark behind the last of its data,
  /// or a length in front of it. What browsers show of half a picture is grey below, and would be kept for years.
  func isWhole(firstBytes: [UInt8], lastBytes: [UInt8], count: Int) -> Bool {
    switch self {
    case .jpeg:
      var hasEnd = false
      for place in lastBytes.indices.dropLast() where lastBytes[place] == 0xFF {
        let rest = lastBytes[(place + 1)...]
        if rest.first == 0xD9 {
          hasEnd = true
        } else if (1...4).contains(where: { rest.starts(with: [0xDA, 0, 6 + 2 * $0, $0]) }) {
          // A scan of so many colours begins. What ended before it was a thumbnail.
          hasEnd = false
        }
      }
      return hasEnd
    case .png:
      let end: [UInt8] = Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82]
      return lastBytes.indices.contains { lastBytes[$0] == end[0] && lastBytes[$0...].starts(with: end) }
    case .webp:
      return firstBytes.count >= 8
        && firstBytes[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) } + 8 <= count
    }
  }

  var mediaType: String {
    switch self {
    case .jpeg: "image/jpeg"
    case .png: "image/png"
    case .webp: "image/webp"
    }
  }
}

/// A picture that lies in the folder, open.
struct PictureFile {
  let kind: PictureKind
  /// A strong one, quotes included.
  let etag: String
  let content: FilePart
}

/// The bytes before a picture in its file, 128 of them, numbers little-endian.
///
/// | offset | bytes | |
/// | --- | --- | --- |
/// | 0 | 8 | `mmpictu1`: what this is, and the version of this layout |
/// | 8 | 8 | length of the picture |
/// | 16 | 1 | its kind |
/// | 17 | 1 | length of the ETag |
/// | 18 | 6 | zero |
/// | 24 | 72 | the ETag, quotes included, then zeros |
///
/// No checksum: a file that was written whole reached the disk before it got its name, and to read 400 kB again for each
/// visitor is what sending them costs.
struct PictureHead {
  static let length = 128
  private static let magic: UInt64 = 0x3175_7463_6970_6d6d  // "mmpictu1"
  private static let longestTag = 72

  let kind: PictureKind
  let etag: String
  let count: Int

  init(kind: PictureKind, etag: String, count: Int) {
    (self.kind, self.etag, self.count) = (kind, etag, count)
  }

  var bytes: [UInt8] {
    var head = [UInt8](repeating: 0, count: Self.length)
    head.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(of: Self.magic.littleEndian, as: UInt64.self)
      bytes.storeBytes(of: UInt64(count).littleEndian, toByteOffset: 8, as: UInt64.self)
      bytes[16] = kind.rawValue
      bytes[17] = UInt8(etag.utf8.count)
      for (place, byte) in zip(24..<(24 + Self.longestTag), etag.utf8) { bytes[place] = byte }
    }
    return head
  }

  /// `nil` unless the file is one of ours, and whole.
  init?(of file: borrowing Descriptor, _ status: stat?) {
    guard let status, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let head: PictureHead? = withUnsafeTemporaryAllocation(byteCount: Self.length, alignment: 8) { head in
      guard (try? file.read(into: head, at: 0)) == Self.length,
        UInt64(littleEndian: head.load(as: UInt64.self)) == Self.magic,
        let kind = PictureKind(rawValue: head[16]),
        let count = Int(exactly: UInt64(littleEndian: head.load(fromByteOffset: 8, as: UInt64.self))),
        count > 0, Int(status.st_size) - Self.length == count
      else { return nil }
      let tag = head[24..<(24 + min(Int(head[17]), Self.longestTag))]
      guard tag.count >= 2, tag.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
      return PictureHead(kind: kind, etag: String(decoding: tag, as: UTF8.self), count: count)
    }
    guard let head else { return nil }
    self = head
  }
}
