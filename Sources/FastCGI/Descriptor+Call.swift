internal import Glibc
internal import System

extension Descriptor {
  /// Takes the descriptor over, or reports why the call that should have made it did not.
  /// - Parameter number: a system call's result; negative means that `errno` tells.
  init(_ number: Int32, action: String, subject: String) throws(FastCGIError) {
    guard number >= 0 else { throw .system(action: action, subject: subject, errno: errno) }
    self.init(owning: number)
  }
}
