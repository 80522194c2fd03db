internal import Glibc

/// The file that this process was started from, to notice that an upgrade has put another one in its place.
package struct OwnExecutable: Sendable {
  private let path = ProcessArguments.executable
  private let identity: FileIdentity?

  /// To be made when the program starts: where there is no `/proc`, as in a chroot, what lies there now is taken for its
  /// own.
  package init() {
    var status = stat()
    let isKnown = stat("/proc/self/exe", &status) == 0 || path.map { stat($0, &status) == 0 } == true
    identity = isKnown ? FileIdentity(status) : nil
  }

  /// Whether the file is gone or another one by now.
  package var isReplaced: Bool {
    guard let path, let identity else { return false }
    var status = stat()
    return stat(path, &status) == 0 ? FileIdentity(status) != identity : errno == ENOENT
  }
}
