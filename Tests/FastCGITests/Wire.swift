/// FastCGI records as bytes, and bytes as records: the specification, written down once more and
/// independently of the program. Broken records can be built as well.
enum Wire {
  static let begin: UInt8 = 1
  static let abort: UInt8 = 2
  static let end: UInt8 = 3
  static let params: UInt8 = 4
  static let stdin: UInt8 = 5
  static let stdout: UInt8 = 6
  static let getValues: UInt8 = 9

  struct Record: Equatable {
    var type: UInt8
    var id: Int
    var content: [UInt8]
  }

  static func record(_ type: UInt8, _ content: [UInt8] = [], id: Int = 1, padding: Int = 0) -> [UInt8] {
    [
      1, type, UInt8(id >> 8), UInt8(id & 255), UInt8(content.count >> 8), UInt8(content.count & 255),
      UInt8(padding), 0,
    ]
      + content + [UInt8](repeating: 0xee, count: padding)
  }

  static func begin(role: UInt8 = 1, keep: Bool = false, id: Int = 1) -> [UInt8] {
    record(begin, [0, role, keep ? 1 : 0, 0, 0, 0, 0, 0], id: id)
  }

  /// A stream of one type: as many records as it takes, and the empty one that ends it.
  static func stream(_ type: UInt8, _ content: [UInt8], id: Int = 1) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = content[...]
    while !rest.isEmpty {
      bytes += record(type, Array(rest.prefix(65535)), id: id)
      rest = rest.dropFirst(65535)
    }
    return bytes + record(type, id: id)
  }

  static func pair(_ name: [UInt8], _ value: [UInt8]) -> [UInt8] {
    length(name.count) + length(value.count) + name + value
  }

  private static func length(_ count: Int) -> [UInt8] {
    count < 128
      ? [UInt8(count)]
      : [
        UInt8(count >> 24 & 127 | 128), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255),
      ]
  }

  static func parameters(_ pairs: [(String, String)], id: Int = 1) -> [UInt8] {
    stream(params, pairs.flatMap { pair(Array($0.0.utf8), Array($0.1.utf8)) }, id: id)
  }

  /// A whole request.
  static func request(
    _ path: String, body: String = "", length: String? = nil, keep: Bool = false, id: Int = 1,
    more: [(String, String)] = []
  ) -> [UInt8] {
    let length = length ?? (body.isEmpty ? "" : "\(body.utf8.count)")
    return begin(keep: keep, id: id)
      + parameters([("PATH_INFO", path), ("CONTENT_LENGTH", length)] + more, id: id)
      + stream(stdin, Array(body.utf8), id: id)
  }

  /// The records in `bytes`; what is left over when the last one is cut off is dropped.
  static func records(in bytes: [UInt8]) -> [Record] {
    var records: [Record] = []
    var index = 0
    while index + 8 <= bytes.count {
      let count = Int(bytes[index + 4]) << 8 | Int(bytes[index + 5])
      let next = index + 8 + count + Int(bytes[index + 6])
      guard next <= bytes.count else { break }
      let id = Int(bytes[index + 2]) << 8 | Int(bytes[index + 3])
      records.append(
        Record(type: bytes[index + 1], id: id, content: Array(bytes[(index + 8)..<(index + 8 + count)])))
      index = next
    }
    return records
  }

  /// What the program wrote, all output records joined, and how it ended the request (`nil`: it did not).
  static func answer(in bytes: [UInt8]) -> (text: String, protocolStatus: UInt8?) {
    let records = records(in: bytes)
    let output = records.filter { $0.type == stdout }.flatMap(\.content)
    let status = records.last { $0.type == end }?.content[4]
    return (String(decoding: output, as: UTF8.self), status)
  }
}
