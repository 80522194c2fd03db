internal import Glibc
internal import Text

/// An address as a web server or a proxy writes it: 16 bytes, those of IPv4 in their mapped form, so that `192.0.2.1`
/// and `::ffff:192.0.2.1` are one.
struct IPAddress: Hashable, Sendable {
  private let high: UInt64
  private let low: UInt64

  /// Reads exactly one address in digits; no name, no port, no blank. The zone of a link-local address (`%eth0`) says
  /// through which interface it came, and is left out.
  init?(_ text: some StringProtocol) {
    let utf8 = text.utf8
    if let numbers = Self.fourNumbers(utf8) {
      (high, low) = (0, 0xFFFF << 32 | numbers)
      return
    }
    guard utf8.count <= 64, !utf8.contains(0), utf8.contains(UInt8(ascii: ":")) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 16)
    guard inet_pton(AF_INET6, String(text.prefix { $0 != "%" }), &bytes) == 1 else { return nil }
    high = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// `192.0.2.1` as `inet_pton` reads it, in a tenth of the time that its arrays take: nearly every visitor of a feed has
  /// one. None of the four has a zero in front of it.
  private static func fourNumbers(_ text: some Sequence<UInt8>) -> UInt64? {
    var (numbers, number, digits, dots) = (UInt64(0), UInt64(0), 0, 0)
    for byte in text {
      if byte.isDigit {
        guard digits == 0 || number > 0 else { return nil }
        number = number * 10 + UInt64(byte - UInt8(ascii: "0"))
        digits += 1
        guard number <= 255 else { return nil }
      } else {
        guard byte == UInt8(ascii: "."), digits > 0, dots < 3 else { return nil }
        numbers = numbers << 8 | number
        (number, digits, dots) = (0, 0, dots + 1)
      }
    }
    return digits > 0 && dots == 3 ? numbers << 8 | number : nil
  }

  private init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

  /// `127.0.0.0/8` or `::1`.
  var isLoopback: Bool { isIPv4 ? UInt8(truncatingIfNeeded: low >> 24) == 127 : high == 0 && low == 1 }

  /// Only the first so many of its 128 bits.
  func masked(to bits: Int) -> IPAddress {
    IPAddress(
      high: bits >= 64 ? high : bits <= 0 ? 0 : high & ~(UInt64.max >> UInt64(bits)),
      low: bits >= 128 ? low : bits <= 64 ? 0 : low & ~(UInt64.max >> UInt64(bits - 64)))
  }

  /// Whom a guess or a visit is counted against: who has an IPv6 address has all 2^64 of its network.
  var household: IPNetwork { IPNetwork(self, bits: isIPv4 ? 128 : 64) }
}

extension IPAddress: CustomStringConvertible {
  /// `192.0.2.1`, `2001:db8::1`.
  var description: String {
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * UInt64($0))) }
    bytes += (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * UInt64($0))) }
    var text = [CChar](repeating: 0, count: 64)
    if isIPv4 {
      inet_ntop(AF_INET, Array(bytes[12...]), &text, 64)
    } else {
      inet_ntop(AF_INET6, bytes, &text, 64)
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// An address, or a network in CIDR form: `10.0.0.0/8`, `fd00::/8`.
struct IPNetwork: Hashable, Sendable {
  private let address: IPAddress
  /// Of 128.
  private let bits: Int

  /// The one that an address is in.
  init(_ address: IPAddress, bits: Int) { (self.address, self.bits) = (address.masked(to: bits), bits) }

  /// Bits beyond the prefix are refused: in `10.0.0.7/8` one of the two numbers is a mistake.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let address = IPAddress(first) else { return nil }
    let width = address.isIPv4 && !first.utf8.contains(UInt8(ascii: ":")) ? 32 : 128
    var bits = width
    if parts.count == 2 {
      guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(\.isDigit),
        let number = Int(parts[1]), number <= width
      else { return nil }
      bits = number
    }
    self.bits = bits + 128 - width
    guard address.masked(to: self.bits) == address else { return nil }
    self.address = address
  }

  func contains(_ other: IPAddress) -> Bool { other.masked(to: bits) == address }
}

extension IPNetwork: CustomStringConvertible {
  var description: String {
    let (width, prefix) = address.isIPv4 ? (32, bits - 96) : (128, bits)
    return prefix == width ? address.description : "\(address)/\(prefix)"
  }
}
