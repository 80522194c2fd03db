/// Follows the lengths in a stream of parameters (section 3.4 of the specification), however it is cut into pieces.
///
/// libfcgi believes them: it allocates what a length says, and ends the process when it cannot.
struct ParameterCheck {
  /// The most that a name and its value may have together; in bytes.
  let limit: Int
  /// Of the name or value that is passed over at the moment.
  private var contentLeft = 0
  /// Of a length with four bytes, those that have not come yet, and the value of the others.
  private var lengthBytesLeft = 0
  private var length = 0
  /// Set between the two lengths of a pair.
  private var nameLength: Int?

  init(limit: Int) { self.limit = limit }

  /// Nothing is begun: the stream may end here.
  var isBetweenPairs: Bool { contentLeft == 0 && lengthBytesLeft == 0 && nameLength == nil }

  /// - Returns: false where a pair is longer than the limit.
  mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index < bytes.count {
      if contentLeft > 0 {
        let step = min(contentLeft, bytes.count - index)
        contentLeft -= step
        index += step
        continue
      }
      if isBetweenPairs, bytes.count - index > 1, bytes[index] | bytes[index + 1] < 0x80 {
        // Nearly every pair has lengths of one byte, and is there as a whole.
        let pair = Int(bytes[index]) + Int(bytes[index + 1])
        if pair <= min(limit, bytes.count - index - 2) {
          index += 2 + pair
          continue
        }
      }
      let byte = Int(bytes[index])
      index += 1
      if lengthBytesLeft > 0 {
        length = length << 8 | byte
        lengthBytesLeft -= 1
      } else if byte & 0x80 != 0 {
        length = byte & 0x7f
        lengthBytesLeft = 3
      } else {
        length = byte
      }
      guard lengthBytesLeft == 0 else { continue }
      guard let name = nameLength else {
        nameLength = length
        continue
      }
      nameLength = nil
      contentLeft = name + length
      if contentLeft > limit { return false }
    }
    return true
  }
}
