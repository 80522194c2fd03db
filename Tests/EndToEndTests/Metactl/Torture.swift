import Foundation
import Glibc

/// How large a test is: quick in the suite, larger by `Tests/torture`, which sets these variables.
enum Torture {
  static func size(_ name: String, quick: Int) -> Int {
    ProcessInfo.processInfo.environment["META_TORTURE_" + name].flatMap { Int($0) } ?? quick
  }

  /// A line for `Tests/torture` to show.
  static func report(_ line: String) { print("torture: \(line)") }

  /// Starts a command, and ends it with kill -9 after so many seconds; whether that was before its own end.
  static func kill(_ process: Process, after seconds: Double) throws -> Bool {
    try process.run()
    usleep(UInt32(seconds * 1_000_000))
    let wasRunning = process.isRunning
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return wasRunning
  }
}
