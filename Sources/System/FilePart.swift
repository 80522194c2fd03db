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

  /// The bytes from there on, at most so many, and none behind its end.
  ///
  /// - Throws: when they cannot be read, or the file has become shorter than the part.
  package func bytes(from offset: Int, atMost limit: Int) throws(SystemError) -> [UInt8] {
    let wanted = max(0, min(limit, count - offset))
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      do throws(SystemError) {
        filled = try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: start + offset)
      } catch { failure = error }
    }
    if let failure { throw failure }
    guard bytes.count == wanted else { throw SystemError(code: EIO) }
    return bytes
  }
}
