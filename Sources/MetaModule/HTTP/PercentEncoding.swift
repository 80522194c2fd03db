/// Percent-encoding of URIs and of `application/x-www-form-urlencoded` (RFC 3986, WHATWG URL).
enum PercentEncoding {
  /// Decodes `%41` once; `nil` when an escape is cut short or not hexadecimal.
  static func decoded(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      if byte == UInt8(ascii: "%") {
        guard bytes.endIndex - index > 2, let high = nibble(bytes[index + 1]),
          let low = nibble(bytes[index + 2])
        else { return nil }
        result.append(high << 4 | low)
        index += 3
      } else {
        result.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        index += 1
      }
    }
    return result
  }

  private static func nibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

/// The fields of a query string or of an urlencoded form, in their order.
struct FormFields {
  /// Name and value, decoded.
  let fields: [(name: String, value: String)]

  /// `nil` when an escape is broken or the text is not UTF-8.
  init?(_ bytes: [UInt8]) {
    var fields: [(name: String, value: String)] = []
    for pair in bytes.split(separator: UInt8(ascii: "&")) {
      let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      let value = equals < pair.endIndex ? pair[(equals + 1)...] : []
      guard let nameBytes = PercentEncoding.decoded(pair[..<equals], plusIsSpace: true),
        let valueBytes = PercentEncoding.decoded(value, plusIsSpace: true),
        let name = String(validating: nameBytes, as: UTF8.self),
        let text = String(validating: valueBytes, as: UTF8.self)
      else { return nil }
      fields.append((name, text))
    }
    self.fields = fields
  }

  /// The first value of that name.
  subscript(name: String) -> String? { fields.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
}
