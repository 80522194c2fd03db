internal import System

/// An answer whose content is a file, some records at a time: no more of it is ever in memory, however long the file is and
/// however slow the peer.
struct FileRecords {
  /// What the longest record takes, with the end of the request behind it.
  static let largest = Record.headerLength + Record.maximumContent + Record.closingLength

  private let id: UInt16
  private let file: FilePart
  private var head: [UInt8]
  private var sent = 0
  private var isClosed = false

  init(_ head: [UInt8], _ file: FilePart, id: UInt16) {
    (self.head, self.file, self.id) = (head, file, id)
  }

  /// Puts the next records there, with their frames, as many as there is place for, which must be `largest` at least; behind
  /// the last one the end of the request.
  ///
  /// - Returns: how many bytes; 0 behind that end.
  /// - Throws: when the file cannot be read as far as was announced. Then the connection is of no further use.
  mutating func next(into room: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    var end = 0
    while !isClosed, room.count - end >= Self.largest {
      var place = end + Record.headerLength
      let recordEnd = place + Record.maximumContent
      UnsafeMutableRawBufferPointer(rebasing: room[place...]).copyBytes(from: head)
      place += head.count
      let part = try file.read(
        into: UnsafeMutableRawBufferPointer(rebasing: room[place..<recordEnd]), from: sent)
      let length = head.count + part
      if length > 0 {
        Record.putHeader(Record.Kind.standardOutput, id, length: length, padding: 0, into: room, at: end)
        end += Record.headerLength + length
      }
      head = []
      sent += part
      isClosed = sent == file.count
      if isClosed { end = Record.putClosing(id, into: room, at: end) }
    }
    return end
  }

  /// The next record, in memory of its own.
  mutating func next() throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.largest) { buffer, count in
      do throws(SystemError) { count = try next(into: UnsafeMutableRawBufferPointer(buffer)) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

/// Memory for files on their way to a socket, lent for one answer: two records' room, so that a usual picture is one write.
///
/// A few blocks are kept. A block of this size that is freed makes glibc tidy the whole heap, and give its end back, with
/// each answer.
enum FileRoom {
  private struct Block: @unchecked Sendable { let bytes: UnsafeMutableRawBufferPointer }

  private static let mostKept = 4
  private static let kept = Guarded<[Block]>([])

  static func lend<Result>(_ use: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
    let block =
      kept.withLock { $0.popLast() }
      ?? Block(bytes: .allocate(byteCount: 2 * FileRecords.largest, alignment: 8))
    defer {
      let isKept = kept.withLock { kept in
        let hasRoom = kept.count < mostKept
        if hasRoom { kept.append(block) }
        return hasRoom
      }
      if !isKept { block.bytes.deallocate() }
    }
    return use(block.bytes)
  }
}
