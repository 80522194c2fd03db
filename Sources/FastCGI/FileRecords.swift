internal import System

/// An answer whose content is a file, record by record: no more than one of them is ever in memory, however long the file
/// is and however slow the peer.
struct FileRecords {
  private let id: UInt16
  private let file: FilePart
  private var head: [UInt8]
  private var sent = 0
  private var isClosed = false

  init(_ head: [UInt8], _ file: FilePart, id: UInt16) {
    (self.head, self.file, self.id) = (head, file, id)
  }

  /// The next record with its frame, the last one with the end of the request; empty behind that.
  ///
  /// - Throws: when the file cannot be read as far as was announced. Then the connection is of no further use.
  mutating func next() throws(SystemError) -> [UInt8] {
    if isClosed { return [] }
    let part = try file.bytes(from: sent, atMost: Record.maximumContent - head.count)
    sent += part.count
    isClosed = sent == file.count
    var record = Record.record(Record.Kind.standardOutput, id, head)
    if !part.isEmpty {
      let length = head.count + part.count
      record[4] = UInt8(length >> 8)
      record[5] = UInt8(length & 0xff)
      record += part
    }
    head = []
    if isClosed { record += AnswerWriter.closed(id, []) }
    return record
  }
}
