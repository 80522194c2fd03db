/// What a leader leaves for those who waited for it when its fetch failed: `<key>.failure` beside the entry.
///
/// The note has the form of an entry, and its body begins with a random number. Who begins to wait remembers
/// the number of the note that is there, or that there is none; a note with another number was written since,
/// and its failure is theirs too. No clock is compared: not even a boot, a suspended machine or two
/// containers with clocks of their own can make an old failure look new.
struct FailureNote {
  static let maximumPayloadLength = 64 * 1024

  let number: UInt64
  let payload: [UInt8]

  /// A new note for this payload.
  init(payload: [UInt8]) {
    number = UInt64.random(in: .min ... .max)
    self.payload = payload
  }

  /// Reads a note's body back.
  init?(body: [UInt8]) {
    guard body.count >= 8 else { return nil }
    number = body.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    payload = Array(body.dropFirst(8))
  }

  /// The number, then the payload.
  var body: [UInt8] { withUnsafeBytes(of: number.littleEndian) { Array($0) } + payload }
}
