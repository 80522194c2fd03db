package import Store
internal import System

extension Application {
  /// Moves every row into another database, and marks this one as moved. Refuses while anybody uses it, and a target that
  /// holds anything. Killed before its end, it leaves this one as it was.
  ///
  /// - Parameter target: `postgresql://…`, or `sqlite:` and a folder or the path of `meta.sqlite3` in it.
  package func copyStore(
    to target: String, progress: ProgressReport = { _, _, _ in }
  ) throws(OperationError) -> CopyReport {
    let lock = try Descriptor.hold(
      InstallationLock.path(in: configuration.dataDirectory),
      busy: "The program is running. Stop it first, and the socket with it. Nothing was changed.")
    defer { lock.unlock() }
    try refuseOtherMachines()
    return try operation {
      let source = try store()
      // Without anything sealed there may be no key yet.
      let survey = try source.hasSealed() ? Survey(source, keyRing()) : nil
      if let survey, survey.unreadable > 0 {
        throw OperationError.refused(
          "\(survey.unreadable) of \(survey.all) stored tokens are opened by no key. Put the key back first "
            + "(metactl doctor), or remove those accounts. Nothing was changed.")
      }
      let problems = try source.integrityProblems()
      guard problems.isEmpty else {
        throw OperationError.refused("The database is damaged (metactl doctor). Nothing was changed.")
      }
      let copy = try store(of: target)
      // It would wait for itself.
      guard try !copy.isShared || copy.changeCounter() != source.changeCounter() else {
        throw OperationError.refused("This is the database itself. Nothing was changed.")
      }
      guard try copy.isEmpty() else {
        throw OperationError.refused("\(copy.path) is not empty. Nothing was changed.")
      }
      return try copy.takeAllRows(from: source, isMove: true) { progress("Copying", $0, max($0, 1)) }
    }
  }

  private func store(of target: String) throws -> Store {
    let scheme = "sqlite:"
    guard target.utf8.starts(with: scheme.utf8) else {
      if let complaint = Server.complaint(about: target) {
        throw OperationError.refused("The address behind --to \(complaint) For a file: sqlite:/path.")
      }
      guard let server = Server(address: target) else { throw OperationError.refused("--to is no address.") }
      return try Store(on: server, folder: configuration.dataDirectory)
    }
    let name = "/meta.sqlite3"
    var folder = String(target.dropFirst(scheme.utf8.count))
    if folder.hasSuffix(name) { folder.removeLast(name.utf8.count) }
    guard folder.utf8.first == UInt8(ascii: "/") else {
      throw OperationError.refused(
        "Behind sqlite: stands the absolute path of a folder, or of meta.sqlite3 in one. Nothing was changed."
      )
    }
    guard shared.server != nil || folder != configuration.dataDirectory else {
      throw OperationError.refused("This is the database itself. Nothing was changed.")
    }
    return try Store(folder: folder)
  }
}
