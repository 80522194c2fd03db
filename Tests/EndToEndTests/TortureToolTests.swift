import Foundation
import Testing

/// The tools of `Tests/torture`, in the form that is quick enough for every run.
@Suite struct TortureToolTests {
  private static let tests = Site.repository + "/Tests"

  /// Runs a program to its end; its output, and the status it ended with.
  private static func run(
    _ command: [String], settings: [String: String] = [:]
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(settings) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  @Test
  func `a system call that fails crashes nothing, and leaves no half row and no success without its row`()
    throws
  {
    let sweep = ["python3", Self.tests + "/Sweep/run", "--quick", "--programs", Installation.programs.path]
    let (status, output) = try Self.run(sweep)
    #expect(status == 0, "\(output)")
    #expect(output.contains(" faults injected\n"), "\(output)")
  }

  @Test(arguments: ["request", "form", "path", "json", "graph", "fernet", "entry", "records", "picture"])
  func `what the fuzzers begin with, and what they found, is read`(target: String) throws {
    let folder = Self.tests + "/Fuzz/corpus/" + target
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
    #expect(!files.isEmpty)
    let fuzz = Installation.programs.appending(path: "fuzz").path
    let (status, output) = try Self.run([fuzz, target] + files, settings: ["SWIFT_BACKTRACE": "enable=no"])
    #expect(status == 0, "\(output)")
  }
}
