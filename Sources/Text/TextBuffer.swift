/// Text in the making, as bytes. Every request's header and line of the log come through here, in some sixty pieces: an
/// array, which sees to its own room and owner at each of them, takes three times as long.
package struct TextBuffer: ~Copyable {
  @usableFromInline var start: UnsafeMutablePointer<UInt8>
  @usableFromInline var room: Int
  @usableFromInline package private(set) var count = 0

  /// An empty one, with room for so many bytes; it makes more where they do not suffice.
  package init(capacity: Int) {
    room = max(capacity, 64)
    start = .allocate(capacity: room)
  }

  deinit { start.deallocate() }

  package var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }

  @inlinable package mutating func append(_ byte: UInt8) { extend(by: 1).pointee = byte }

  @inlinable package mutating func append(_ text: StaticString) {
    append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func append(text: String) {
    let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { append($0) }
    if isDone == nil { append(Array(text.utf8)) }
  }

  package mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { append($0) } }

  package mutating func append(_ bytes: Span<UInt8>) { bytes.withUnsafeBufferPointer { append($0) } }

  /// A number in decimal digits, with leading zeros up to `width`.
  package mutating func append(decimal number: Int64, width: Int = 1) {
    if number < 0 { append(UInt8(ascii: "-")) }
    var (digits, rest) = (1, number.magnitude / 10)
    while rest > 0 { (digits, rest) = (digits + 1, rest / 10) }
    digits = max(digits, width)
    let place = extend(by: digits)
    rest = number.magnitude
    for index in stride(from: digits - 1, through: 0, by: -1) {
      place[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
  }

  @inlinable mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress else { return }
    extend(by: bytes.count).update(from: source, count: bytes.count)
  }

  /// The place of the next bytes, which are to be written there.
  @inlinable mutating func extend(by length: Int) -> UnsafeMutablePointer<UInt8> {
    if room - count < length { grow(by: length) }
    defer { count += length }
    return start + count
  }

  @usableFromInline mutating func grow(by length: Int) {
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * room + length)
    larger.update(from: start, count: count)
    start.deallocate()
    (start, room) = (larger, 2 * room + length)
  }
}
