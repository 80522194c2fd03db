import Foundation
import Glibc

/// A process of `cache-torture`, killed when it is forgotten.
final class CacheProgram: Sendable {
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
    let text = await onCacheThreads(1) { _ in
      String(decoding: self.output.readDataToEndOfFile(), as: UTF8.self)
    }
    return text.joined().split(separator: "\n").map(String.init)
  }

  /// The next line it prints.
  func nextLine() async -> String {
    let text = await onCacheThreads(1) { _ in
      var line: [UInt8] = []
      while let byte = self.output.readData(ofLength: 1).first, byte != UInt8(ascii: "\n") {
        line.append(byte)
      }
      return String(decoding: line, as: UTF8.self)
    }
    return text.joined()
  }
}
