package import Text

/// What the cache had for a key, whole and checked.
package struct CachedEntry: Sendable {
  /// The bytes that were stored, in the array they were read into: writing them costs no copy.
  package let body: [UInt8]
  /// The strong ETag that was stored with them, quotes included.
  package let etag: String
  package let storedAt: Timestamp
  /// The first second at which the entry is stale.
  package let freshUntil: Timestamp
  /// The last second at which the entry may be served.
  package let staleUntil: Timestamp
  /// `nil`: it was not kept in memory, and may be taken for another.
  package var validator: EntryValidator?

  /// To be served as it is; else only where nothing newer can be had.
  package func isFresh(now: Timestamp) -> Bool { now < freshUntil }

  /// Seconds since the entry was stored, for the header `Age`; never negative.
  package func age(now: Timestamp) -> Int64 { Self.seconds(from: storedAt, to: now) }

  /// Seconds for which the entry stays fresh, for `max-age`; 0 when it is stale.
  package func secondsLeft(now: Timestamp) -> Int64 { Self.seconds(from: now, to: freshUntil) }

  private static func seconds(from start: Timestamp, to end: Timestamp) -> Int64 {
    let (difference, overflow) = end.seconds.subtractingReportingOverflow(start.seconds)
    return overflow ? (end < start ? 0 : Int64.max) : max(0, difference)
  }
}

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
extension CachedEntry {
  static let magic: UInt64 = 0x3165_6863_6163_6d6d  // "mmcache1"
  static let fixedLength = 128
  static let maximumETagLength = 72
  /// The year 36812. Times stay so small that sums and differences of two cannot overflow.
  static let maximumTime: Int64 = 1 << 40

  /// What is to be stored, once everything about it is known to fit.
  init(
    _ body: [UInt8], etag: String, now: Timestamp, freshFor: Int64, staleFor: Int64
  ) throws(CacheError) {
    guard Array(etag.utf8).withUnsafeBytes(Self.isStrongETag) else {
      throw .invalid("the ETag of a cache entry is not a strong one")
    }
    let times = 0...(Self.maximumTime / 2)
    guard times.contains(now.seconds), times.contains(freshFor), times.contains(staleFor) else {
      throw .invalid("the times of a cache entry are out of range")
    }
    self.init(
      body: body, etag: etag, storedAt: now, freshUntil: Timestamp(seconds: now.seconds + freshFor),
      staleUntil: Timestamp(seconds: now.seconds + max(freshFor, staleFor)))
  }

  /// The header and the key, ready to be written before the body.
  func head(for key: CacheKey) -> [UInt8] {
    var head = [UInt8](repeating: 0, count: Self.fixedLength)
    head.append(contentsOf: key.text.utf8)
    head.withUnsafeMutableBytes { bytes in
      func put(_ number: UInt64, at offset: Int) {
        bytes.storeBytes(of: number.littleEndian, toByteOffset: offset, as: UInt64.self)
      }
      put(Self.magic, at: 0)
      put(UInt64(bitPattern: storedAt.seconds), at: 16)
      put(UInt64(bitPattern: freshUntil.seconds), at: 24)
      put(UInt64(bitPattern: staleUntil.seconds), at: 32)
      put(UInt64(body.count), at: 40)
      bytes[48] = UInt8(truncatingIfNeeded: key.text.utf8.count)
      bytes[49] = UInt8(truncatingIfNeeded: etag.utf8.count)
      for (place, byte) in zip(56..<Self.fixedLength, etag.utf8) { bytes[place] = byte }
      put(Self.checksum(head: UnsafeRawBufferPointer(bytes), body: body), at: 8)
    }
    return head
  }

  /// Reads header and key back; `nil` unless every byte is as `head` would have written it for this key and
  /// body.
  package init?(head: UnsafeRawBufferPointer, key: CacheKey, body: [UInt8]) {
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
    let (stored, fresh, stale) = (number(16), number(24), number(32))
    let length = Int(head[49])
    guard 0 <= stored, stored <= fresh, fresh <= stale, stale <= Self.maximumTime,
      length <= Self.maximumETagLength
    else { return nil }
    let tag = UnsafeRawBufferPointer(rebasing: head[56..<(56 + length)])
    guard Self.isStrongETag(tag) else { return nil }
    self.init(
      body: body, etag: String(decoding: tag, as: UTF8.self), storedAt: Timestamp(seconds: stored),
      freshUntil: Timestamp(seconds: fresh), staleUntil: Timestamp(seconds: stale))
  }

  /// A strong entity tag of RFC 9110, section 8.8.3, short enough for its place: it goes into a header line.
  private static func isStrongETag(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let quote = UInt8(ascii: "\"")
    guard (2...maximumETagLength).contains(bytes.count), bytes[0] == quote, bytes[bytes.count - 1] == quote
    else { return false }
    return bytes[1..<(bytes.count - 1)].allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != quote }
  }

  package static func checksum(head: UnsafeRawBufferPointer, body: [UInt8]) -> UInt64 {
    let seed = body.withUnsafeBytes { XXHash64.digest($0) }
    return XXHash64.digest(UnsafeRawBufferPointer(rebasing: head[16...]), seed: seed)
  }
}
