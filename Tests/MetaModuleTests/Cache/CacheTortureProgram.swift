import Foundation
import Glibc

/// A process of `cache-torture`, killed when it is forgotten.
final class Program: Sendable {
  let identifier: pid_t
  private let output: FileHandle
  private let process: Process

  init(_ arguments: String...) throws {
    let executable = URL(
      fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    process = Process()
    process.executableURL = executable.deletingLastPathComponent().appendingPathComponent("cache-torture")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    output = pipe.fileHandleForReading
    identifier = process.processIdentifier
  }

  deinit { kill() }

  /// Ends it with a signal that it cannot see coming.
  func kill() {
    guard process.isRunning else { return }
    Glibc.kill(identifier, SIGKILL)
    process.waitUntilExit()
  }

  /// What it prints until it ends.
  func lines() async -> [String] {
    let text = await onThreads(1) { _ in String(decoding: self.output.readDataToEndOfFile(), as: UTF8.self) }
    return text.joined().split(separator: "\n").map(String.init)
  }

  /// The next line it prints.
  func nextLine() async -> String {
    let text = await onThreads(1) { _ in
      var line: [UInt8] = []
      while let byte = self.output.readData(ofLength: 1).first, byte != UInt8(ascii: "\n") {
        line.append(byte)
      }
      return String(decoding: line, as: UTF8.self)
    }
    return text.joined()
  }
}

/// A disk of 400 KiB, unmounted when it is forgotten.
final class SmallDisk: Sendable {
  let path: String

  /// Whether we may mount at all; containers often may not, even as root.
  static let isPossible = (try? SmallDisk()) != nil

  init() throws {
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

  func remount(_ option: String) throws { try Self.run("/bin/mount", "-o", "remount,\(option)", path) }

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
