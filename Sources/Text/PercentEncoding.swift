/// Percent-encoding of URIs and of `application/x-www-form-urlencoded` (RFC 3986, WHATWG URL).
package enum PercentEncoding {
  /// Decodes `%41` once; `nil` when an escape is cut short or not hexadecimal.
  package static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var isBroken = false
    let result = decode(bytes, plusIsSpace: false) { isBroken = true }
    return isBroken ? nil : result
  }

  /// Decodes a piece of a form: `+` is a space, and what is no escape is the text that it is, as Django has it.
  static func decodedFormText(_ bytes: ArraySlice<UInt8>) -> [UInt8] { decode(bytes, plusIsSpace: true) {} }

  private static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool, onBroken: () -> Void) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "%"):
        if bytes.endIndex - index >= 2, let high = bytes[index].hexadecimalValue,
          let low = bytes[index + 1].hexadecimalValue
        {
          result.append(high << 4 | low)
          index += 2
        } else {
          onBroken()
          result.append(byte)
        }
      case UInt8(ascii: "+") where plusIsSpace: result.append(UInt8(ascii: " "))
      default: result.append(byte)
      }
    }
    return result
  }
}
