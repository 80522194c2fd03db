/// FastCGI's records (sections 3.3 and 8 of its specification), and those that we send.
enum Record {
  static let version: UInt8 = 1
  static let headerLength = 8
  /// Of the end of the output stream and of the request.
  static let closingLength = headerLength + headerLength + 8
  /// The longest content that is a multiple of 8: only the last record of a stream is ever padded.
  static let maximumContent = 65528

  enum Kind {
    static let beginRequest: UInt8 = 1
    static let abortRequest: UInt8 = 2
    static let endRequest: UInt8 = 3
    static let parameters: UInt8 = 4
    static let standardInput: UInt8 = 5
    static let standardOutput: UInt8 = 6
    static let getValues: UInt8 = 9
    static let getValuesResult: UInt8 = 10
    static let unknownType: UInt8 = 11
  }

  /// How a request ended.
  enum Status {
    static let complete: UInt8 = 0
    static let cannotMultiplex: UInt8 = 1
    static let unknownRole: UInt8 = 3
  }

  static let responder: UInt16 = 1

  static func record(_ kind: UInt8, _ id: UInt16, _ content: some Collection<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = [version, kind]
    for number in [id, UInt16(truncatingIfNeeded: content.count)] {
      bytes.append(UInt8(number >> 8))
      bytes.append(UInt8(number & 0xff))
    }
    return bytes + [0, 0] + content
  }

  /// As many records as a stream's content takes, without the empty one at its end.
  static func stream(_ kind: UInt8, _ id: UInt16, _ content: [UInt8]) -> [UInt8] {
    stride(from: 0, to: content.count, by: maximumContent).flatMap {
      record(kind, id, content[$0..<min($0 + maximumContent, content.count)])
    }
  }

  /// A whole request as a web server sends it, or one whose body does not end.
  static func request(
    _ id: UInt16, isConnectionKept: Bool, parameters: [UInt8], body: [UInt8], isWhole: Bool
  ) -> [UInt8] {
    record(Kind.beginRequest, id, [0, UInt8(responder), isConnectionKept ? 1 : 0, 0, 0, 0, 0, 0])
      + stream(Kind.parameters, id, parameters) + record(Kind.parameters, id, [])
      + stream(Kind.standardInput, id, body) + (isWhole ? record(Kind.standardInput, id, []) : [])
  }

  static func end(_ id: UInt16, _ status: UInt8) -> [UInt8] {
    record(Kind.endRequest, id, [0, 0, 0, 0, status, 0, 0, 0])
  }

  static func putHeader(
    _ type: UInt8, _ id: UInt16, length: Int, padding: Int, into frame: UnsafeMutableRawBufferPointer,
    at offset: Int
  ) {
    frame[offset] = version
    frame[offset + 1] = type
    frame[offset + 2] = UInt8(id >> 8)
    frame[offset + 3] = UInt8(id & 0xff)
    frame[offset + 4] = UInt8(length >> 8)
    frame[offset + 5] = UInt8(length & 0xff)
    frame[offset + 6] = UInt8(padding)
    frame[offset + 7] = 0
  }

  /// An empty `FCGI_STDOUT` record and `FCGI_END_REQUEST`. Returns the offset behind them.
  static func putClosing(_ id: UInt16, into frame: UnsafeMutableRawBufferPointer, at offset: Int)
    -> Int
  {
    putHeader(Kind.standardOutput, id, length: 0, padding: 0, into: frame, at: offset)
    let end = offset + headerLength
    putHeader(Kind.endRequest, id, length: 8, padding: 0, into: frame, at: end)
    for place in 0..<8 { frame[end + headerLength + place] = 0 }
    return end + headerLength + 8
  }
}
