import Foundation
import Testing

/// What `metactl` prints goes through one door, which makes it harmless and hears whether it arrived.
@Suite struct DoorTests {
  private static let ways = [
    "print(", "debugPrint(", "dump(", "putchar(", "puts(", "fputs(", "printf(", "write(", "FileHandle",
  ]

  @Test func `nothing but the door prints in metactl`() throws {
    let sources = try LayeringTests.sources().filter { $0.key.hasPrefix("Sources/metactl/") }
    #expect(sources.count > 15)
    for (path, text) in sources where path != "Sources/metactl/Terminal.swift" {
      for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        for way in Self.ways {
          #expect(!Self.calls(way, in: String(line)), "\(path):\(number + 1) calls \(way)")
        }
      }
    }
  }

  @Test func `a planted print is found`() {
    #expect(Self.calls("print(", in: "    print(token)"))
    #expect(Self.calls("write(", in: "  _ = Glibc.write(1, bytes, count)"))
    #expect(!Self.calls("print(", in: "  footprint()"))
  }

  /// Whether the line calls a function of exactly that name.
  private static func calls(_ way: String, in line: String) -> Bool {
    guard let range = line.range(of: way), !line.drop(while: { $0 == " " }).hasPrefix("//") else {
      return false
    }
    guard range.lowerBound > line.startIndex else { return true }
    let before = line[line.index(before: range.lowerBound)]
    return !before.isLetter && !before.isNumber && before != "_"
  }
}
