/// An answer, and how it is to be put on the wire.
struct Reply: Sendable {
  var status: Int
  var headers: [Header]
  var body: [UInt8]
  var delivery: Delivery = .whole
  /// Milliseconds to wait before the first byte.
  var delay = 0
  /// Waits until the faults that hold answers back are gone.
  var isHeld = false

  init(status: Int, headers: [Header] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// The ways a connection can treat an answer, most of them badly.
enum Delivery: Sendable, Equatable {
  /// With a true `Content-Length`.
  case whole
  /// `Content-Length` of the whole, but the connection ends after this many bytes of the body.
  case truncated(Int)
  /// A TCP reset instead of an answer.
  case resetBefore
  /// A TCP reset after this many bytes of the body.
  case resetAfter(Int)
  /// Byte by byte, this many milliseconds apart.
  case drip(milliseconds: Int)
  /// Nothing, ever; the connection stays open.
  case hang
  /// The body again and again, up to this many bytes or until the client leaves.
  case endless(bytes: Int)
  /// The body alone, without a status line or headers.
  case notHTTP
}
