internal import Foundation

/// A place in an edge, as opaque as Graph's: base64 which only the edge it came from understands.
struct Cursor: Sendable, Equatable {
  /// The row before which (`before`) or after which (`after`) a page ends or begins; -1 is before the first.
  var row: Int
  /// Two cursors of one place differ by this, as those on an empty page do.
  var salt = 0

  /// The text of this cursor on an edge.
  func text(edge: String) -> String {
    let plain = "AQHR\(salt)-\(Self.seal(edge, row, salt))-\(row)"
    // Graph writes its padding as ZD, so that a cursor needs no encoding in a query.
    return Data(plain.utf8).base64EncodedString().replacing("=", with: "ZD")
  }

  /// Reads a cursor that came from this edge.
  init(_ text: String, edge: String) throws(Refusal) {
    let refusal = Refusal(100, "(#100) Invalid parameter: the cursor is not valid for this edge")
    var base64 = text
    while base64.hasSuffix("ZD") { base64 = base64.dropLast(2) + "" }
    base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
    guard let data = Data(base64Encoded: base64) else { throw refusal }
    let parts = String(decoding: data, as: UTF8.self).split(
      separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].hasPrefix("AQHR"), let salt = Int(parts[0].dropFirst(4)),
      let row = Int(parts[2]), parts[1] == Self.seal(edge, row, salt)
    else { throw refusal }
    self.init(row: row, salt: salt)
  }

  init(row: Int, salt: Int = 0) {
    self.row = row
    self.salt = salt
  }

  private static func seal(_ edge: String, _ row: Int, _ salt: Int) -> String {
    var noise = Noise("cursor \(edge) \(row) \(salt)")
    return noise.letters(30)
  }
}
