/// The fields of a query or of a form, in order: `fields=id%2Cname&limit=25`.
///
/// A space is `%20`, not `+`: every decoder of forms and of queries reads that one.
package struct QueryString: Sendable, ExpressibleByDictionaryLiteral {
  /// As it stands after the `?` of a URL, or as the body of a form; empty without fields.
  package private(set) var encoded = ""

  /// Without fields.
  package init() {}

  /// `["fields": "id,name", "limit": "25"]`, in this order.
  package init(dictionaryLiteral elements: (String, String)...) {
    for (name, value) in elements { append(name, value) }
  }

  /// Adds a field; one of the same name stays.
  package mutating func append(_ name: String, _ value: String) {
    if !encoded.isEmpty { encoded += "&" }
    encoded += Self.encode(name) + "=" + Self.encode(value)
  }

  /// Percent-encodes every byte of the UTF-8 but the unreserved ones of RFC 3986, section 2.3:
  /// `A–Z a–z 0–9 - . _ ~`. So the result can stand anywhere in a URL, a path segment included.
  package static func encode(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default:
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
