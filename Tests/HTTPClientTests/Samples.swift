import Testing

/// Bytes with a name, since control characters are no good in a list of tests.
struct Sample: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let text: String

  init(_ name: String, _ text: String) {
    testDescription = name
    self.text = text
  }
}

/// A gzip stream of `runs` × 258 zeros in 13 bits each: fixed Huffman codes of RFC 1951, 3.2.6: one literal, then
/// "258 bytes, 1 back" again and again. It has no end; nobody should read that far.
func gzipBomb(runs: Int) -> [UInt8] {
  var bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
  var accumulator: UInt32 = 0
  var count: UInt32 = 0
  func put(_ bits: String) {
    for bit in bits.utf8 {
      if bit == UInt8(ascii: "1") { accumulator |= 1 << count }
      count += 1
      if count == 8 {
        bytes.append(UInt8(accumulator))
        accumulator = 0
        count = 0
      }
    }
  }
  put("110")  // last block; type 01, low bit first
  put("00110000")  // the literal 0
  for _ in 0..<runs {
    put("11000101")  // length 258
    put("00000")  // distance 1
  }
  return bytes
}
