internal import CPlatform
internal import Glibc

/// Whose rights a command has.
///
/// Root looks after a service as the service's own account: nothing in its folders can lead root astray, and nothing
/// there becomes root's. What a person names on the command line is still opened as root. The rights are those of the
/// whole process, so this is for commands, which have one thread that works.
package struct Account: Sendable {
  package let name: String
  private let user: uid_t
  private let group: gid_t

  /// `nil`: nobody is called so.
  package init?(named name: String) {
    guard let entry = getpwnam(name) else { return nil }
    self.name = name
    (user, group) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
  }

  /// Makes a folder of mode 0700 that is the account's, if nothing is there.
  package func make(_ folder: String) throws(SystemError) {
    guard access(folder, F_OK) != 0 else { return }
    guard mkdir(folder, 0o700) == 0, lchown(folder, user, group) == 0 else { throw .last }
  }

  /// Root becomes the account. The saved ids stay root's: they are the way back for `asCaller`.
  package func become() throws(SystemError) {
    guard initgroups(name, group) == 0, cplatform_become(user, group) == 0 else { throw .last }
  }

  /// Whether this process works as an account that it has become.
  package static var isBorrowed: Bool { cplatform_has_become() != 0 }

  /// Does something with the rights of whoever called the command.
  package static func asCaller<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard isBorrowed else { return try body() }
    let (user, group) = (geteuid(), getegid())
    let isRoot = seteuid(0) == 0 && setegid(0) == 0
    precondition(isRoot, "root's saved ids lead back to root")
    defer {
      let isBack = setegid(group) == 0 && seteuid(user) == 0
      precondition(isBack, "root may become anybody")
    }
    return try body()
  }
}
