internal import Foundation
internal import Glibc

/// A disk of 400 KiB, unmounted when it is forgotten.
package final class CacheDisk: Sendable {
  package let path: String

  /// Whether we may mount at all; containers often may not, even as root.
  package static let isPossible = (try? CacheDisk()) != nil

  package init() throws {
    path = NSTemporaryDirectory() + "disk-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    do {
      try Self.run("/bin/mount", "-t", "tmpfs", "-o", "size=400k", "cache-test", path)
    } catch {
      rmdir(path)
      throw error
    }
  }

  deinit {
    try? Self.run("/bin/umount", path)
    rmdir(path)
  }

  package func remount(_ option: String) throws {
    try Self.run("/bin/mount", "-o", "remount,\(option)", path)
  }

  private static func run(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: arguments[0])
    process.arguments = Array(arguments.dropFirst())
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
  }
}
