/// FastCGI's records (sections 3.3 and 8 of its specification), and those that we send.
enum Record {
  static let version: UInt8 = 1
  static let headerLength = 8
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

  static func end(_ id: UInt16, _ status: UInt8) -> [UInt8] {
    record(Kind.endRequest, id, [0, 0, 0, 0, status, 0, 0, 0])
  }
}
