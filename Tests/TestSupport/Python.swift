internal import Foundation

/// The original's language, asked as the authority: on what its clients have seen, and on Fernet, which its package
/// `cryptography` reads and writes.
package enum Python {
  /// The script did not run to its end.
  package struct Failure: Error, CustomStringConvertible {
    /// What happened, and what to do about it.
    package let description: String
  }

  /// The lines that a script prints when it is given these lines on its standard input, and these arguments.
  /// - Throws: ``Failure`` when it ends with an error.
  package static func lines(
    _ script: String, input: [String] = [], arguments: [String] = []
  ) throws -> [String] {
    let file = FileManager.default.temporaryDirectory.appending(component: "\(UUID()).txt")
    defer { try? FileManager.default.removeItem(at: file) }
    // A file, since a pipe would have to be filled and emptied at the same time.
    try Data(input.map { $0 + "\n" }.joined().utf8).write(to: file)
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-X", "utf8", "-c", script] + arguments
    process.standardInput = try FileHandle(forReadingFrom: file)
    process.standardOutput = output
    try process.run()
    let printed = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(
        description: """
          python3 ended with status \(process.terminationStatus); if it or its package cryptography is missing, run \
          Tests/run, which installs both
          """)
    }
    return String(decoding: printed, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
