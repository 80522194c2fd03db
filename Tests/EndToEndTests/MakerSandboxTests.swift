import Foundation
import TestSupport
import Testing

/// `meta-image`, which unpacks what strangers have drawn.
@Suite struct MakerSandboxTests {
  @Test func `it reads its picture within limits that hold`() throws {
    let process = Process()
    process.executableURL = Installation.programs.appending(path: "meta-image")
    process.arguments = ["320", "webp"]
    let (input, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (input, output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    let folder = "/proc/\(process.processIdentifier)"
    func text(_ name: String) -> String {
      (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)) ?? ""
    }
    // It asks for that last, and then waits for its picture.
    #expect(Wait.until { text("status").contains("Seccomp:\t2") || !process.isRunning })
    #expect(text("status").contains("NoNewPrivs:\t1"))
    #expect(text("oom_score_adj") == "1000\n")
    let limits = text("limits").split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    for (name, most) in [
      ("Max cpu time", "5"), ("Max address space", "268435456"), ("Max open files", "0"),
      ("Max core file size", "0"),
    ] {
      let words = name.split(separator: " ").map(String.init)
      let limit = try #require(limits.first { $0.starts(with: words) }, "\(name)")
      #expect(Array(limit[words.count..<(words.count + 2)]) == [most, most], "\(name)")
    }
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    #expect(process.terminationStatus == 65)
  }
}
