internal import Glibc

/// Descriptors 0 to 2, without which the next file that is opened takes their place: a report once overwrote a database.
enum StandardDescriptors {
  /// What is missing is opened so that using it fails.
  static func ensureOpen() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
