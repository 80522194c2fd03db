/// The bytes of an entry's file: a header of 128 bytes, the key, the body. All numbers little-endian.
///
/// | offset | bytes | |
/// | --- | --- | --- |
/// | 0 | 8 | `mmcache1`: what this is, and the version of this layout |
/// | 8 | 8 | XXH64 over everything that follows (the body's digest seeds the rest's) |
/// | 16 | 8 | stored at, unix seconds |
/// | 24 | 8 | fresh until, not including |
/// | 32 | 8 | stale until, including |
/// | 40 | 8 | length of the body |
/// | 48 | 1 | length of the key |
/// | 49 | 1 | length of the ETag |
/// | 50 | 6 | zero |
/// | 56 | 72 | the ETag, quotes included, then zeros |
///
/// The ETag has a fixed place so that a reader who knows the key knows where the body begins, and reads it
/// straight into the array which is then written to the client.
package struct EntryFormat {
  static let magic: UInt64 = 0x3165_6863_6163_6d6d  // "mmcache1"
  static let fixedLength = 128
  static let maximumETagLength = 72
  static let maximumBodyLength = 8 * 1024 * 1024
  /// The year 36812. Times stay so small that sums and differences of two cannot overflow.
  static let maximumTime: Int64 = 1 << 40

  package let storedAt: Int64
  let freshUntil: Int64
  let staleUntil: Int64
  package let etag: String

  /// The header and the key for a body, ready to be written before it.
  package func head(for key: CacheKey, body: UnsafeRawBufferPointer) -> [UInt8] {
    var head = [UInt8](repeating: 0, count: Self.fixedLength)
    head.append(contentsOf: key.text.utf8)
    head.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(of: Self.magic.littleEndian, toByteOffset: 0, as: UInt64.self)
      bytes.storeBytes(of: storedAt.littleEndian, toByteOffset: 16, as: Int64.self)
      bytes.storeBytes(of: freshUntil.littleEndian, toByteOffset: 24, as: Int64.self)
      bytes.storeBytes(of: staleUntil.littleEndian, toByteOffset: 32, as: Int64.self)
      bytes.storeBytes(of: Int64(body.count).littleEndian, toByteOffset: 40, as: Int64.self)
      bytes[48] = UInt8(truncatingIfNeeded: key.text.utf8.count)
      bytes[49] = UInt8(truncatingIfNeeded: etag.utf8.count)
      for (place, byte) in zip(56..<Self.fixedLength, etag.utf8) { bytes[place] = byte }
      let checksum = Self.checksum(head: UnsafeRawBufferPointer(bytes), body: body)
      bytes.storeBytes(of: checksum.littleEndian, toByteOffset: 8, as: UInt64.self)
    }
    return head
  }

  /// A strong entity tag of RFC 9110, section 8.8.3, short enough for its place: it goes into a header line.
  static func isStrongETag(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let quote = UInt8(ascii: "\"")
    guard (2...maximumETagLength).contains(bytes.count), bytes[0] == quote, bytes[bytes.count - 1] == quote
    else {
      return false
    }
    return bytes[1..<(bytes.count - 1)].allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != quote }
  }

  static func checksum(head: UnsafeRawBufferPointer, body: UnsafeRawBufferPointer) -> UInt64 {
    XXHash64.digest(UnsafeRawBufferPointer(rebasing: head[16...]), seed: XXHash64.digest(body))
  }
}

extension EntryFormat {
  /// Reads header and key back; `nil` unless every byte is as `head` would have written it for this key and
  /// body.
  init?(head: UnsafeRawBufferPointer, key: CacheKey, body: UnsafeRawBufferPointer) {
    func number(_ offset: Int) -> Int64 {
      Int64(littleEndian: head.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    }
    guard head.count == Self.fixedLength + key.text.utf8.count,
      UInt64(bitPattern: number(0)) == Self.magic,
      number(40) == Int64(body.count),
      Int(head[48]) == key.text.utf8.count,
      head[Self.fixedLength...].elementsEqual(key.text.utf8),
      UInt64(bitPattern: number(8)) == Self.checksum(head: head, body: body)
    else { return nil }
    storedAt = number(16)
    freshUntil = number(24)
    staleUntil = number(32)
    guard 0 <= storedAt, storedAt <= freshUntil, freshUntil <= staleUntil, staleUntil <= Self.maximumTime
    else {
      return nil
    }
    let length = Int(head[49])
    guard length <= Self.maximumETagLength else { return nil }
    let tag = UnsafeRawBufferPointer(rebasing: head[56..<(56 + length)])
    guard Self.isStrongETag(tag) else { return nil }
    etag = String(decoding: tag, as: UTF8.self)
  }
}
