internal import Glibc

/// A part of an open file, to be sent as it is: the file may be long, and may have lost its name meanwhile.
package final class FilePart: Sendable {
  private let file: Descriptor
  private let start: Int
  package let count: Int

  package init(of file: consuming Descriptor, from start: Int, count: Int) {
    self.file = file
    self.start = start
    self.count = count
  }

  /// The bytes from there on, as many as the buffer has place for, and none behind its end.
  ///
  /// - Returns: how many.
  /// - Throws: when they cannot be read, or the file has become shorter than the part.
  package func read(
    into buffer: UnsafeMutableRawBufferPointer, from offset: Int
  ) throws(SystemError) -> Int {
    let wanted = max(0, min(buffer.count, count - offset))
    let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
    guard try file.read(into: room, at: start + offset) == wanted else { throw SystemError(code: EIO) }
    return wanted
  }

  /// The same in memory of their own, at most so many.
  package func bytes(from offset: Int, atMost limit: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: max(0, min(limit, count - offset))) { buffer, filled in
      do throws(SystemError) {
        filled = try read(into: UnsafeMutableRawBufferPointer(buffer), from: offset)
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}
