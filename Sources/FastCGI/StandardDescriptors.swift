internal import Glibc

/// Descriptors 0, 1 and 2. A web server may start us with any of them closed, and then the next file opened
/// takes its number: a log line once landed in a database that way.
package enum StandardDescriptors {
  /// Opens those that are closed to `/dev/null`. To be called before anything else in the program.
  package static func ensureOpen() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is taken, which is this one, since the lower ones are open by now.
      _ = open("/dev/null", O_RDWR)
    }
  }
}
