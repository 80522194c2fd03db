internal import Text

/// The fields of a query or of a form, in order: `fields=id%2Cname&limit=25`.
///
/// A space is `%20`, not `+`: every decoder of forms and of queries reads that one.
package struct QueryString: Sendable, ExpressibleByDictionaryLiteral {
  /// As it stands after the `?` of a URL, or as the body of a form; empty without fields.
  package private(set) var encoded = ""

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
      if byte.isLetter || byte.isDigit || "-._~".utf8.contains(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
