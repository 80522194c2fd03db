/// The parameters of a query or a form, decoded, in their order.
struct Parameters: Sendable {
  private(set) var pairs: [(name: String, value: String)] = []

  init() {}

  /// Reads `a=1&b&c=%20+`.
  init(parsing text: String) {
    pairs = text.utf8.split(separator: UInt8(ascii: "&")).map { pair in
      let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      return (Self.decode(Array(halves[0])), halves.count > 1 ? Self.decode(Array(halves[1])) : "")
    }
  }

  /// The last value of that name: PHP's rule, which Graph follows.
  subscript(name: String) -> String? {
    get { pairs.last { $0.name == name }?.value }
    set {
      pairs.removeAll { $0.name == name }
      if let newValue { pairs.append((name, newValue)) }
    }
  }

  mutating func append(contentsOf other: Parameters) { pairs += other.pairs }

  /// The text again, encoded.
  var encoded: String {
    pairs.map { "\(Self.encode($0.name))=\(Self.encode($0.value))" }.joined(separator: "&")
  }

  static func decode(_ bytes: [UInt8]) -> String {
    var result: [UInt8] = []
    var position = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "+"): result.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        if position + 2 < bytes.count, let high = digit(bytes[position + 1]),
          let low = digit(bytes[position + 2])
        {
          result.append(high << 4 | low)
          position += 2
        } else {
          result.append(UInt8(ascii: "%"))
        }
      default: result.append(bytes[position])
      }
      position += 1
    }
    return String(decoding: result, as: UTF8.self)
  }

  static func encode(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "~"):
        result.append(byte)
      default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
