/// The fields of a query string or of an urlencoded form, in their order.
package struct FormFields {
  package enum Refusal: Error {
    case notUTF8
    case tooMany
  }

  /// How many fields a request may have, in its query and in its body: as many as Django takes. The largest that means
  /// anything here has a handful.
  package static let limit = 1000

  package private(set) var fields: [(name: String, value: String)] = []

  /// A form: what is not UTF-8 is refused, since it would be stored as something else.
  package init(form bytes: [UInt8]) throws(Refusal) {
    try self.init(bytes) { (bytes) throws(Refusal) in
      guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
      return text
    }
  }

  /// A query: what is not UTF-8 is replaced, and so is nothing that can be found here.
  package init(query bytes: [UInt8]) throws(Refusal) {
    try self.init(bytes) { (bytes) throws(Refusal) in String(decoding: bytes, as: UTF8.self) }
  }

  /// One pass, which ends where there is one field too many.
  private init(_ bytes: [UInt8], _ text: ([UInt8]) throws(Refusal) -> String) throws(Refusal) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let pair = rest.prefix { $0 != UInt8(ascii: "&") }
      rest = rest[pair.endIndex...].dropFirst()
      guard !pair.isEmpty else { continue }
      guard fields.count < Self.limit else { throw .tooMany }
      let name = pair.prefix { $0 != UInt8(ascii: "=") }
      let value = pair[name.endIndex...].dropFirst()
      fields.append(
        (
          try text(PercentEncoding.decodedFormText(name)), try text(PercentEncoding.decodedFormText(value))
        ))
    }
  }

  /// The first value of that name.
  package subscript(name: String) -> String? { fields.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
}
