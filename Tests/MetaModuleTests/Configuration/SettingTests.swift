import Foundation
import Testing

@testable import MetaModule
@testable import Text

/// The table of settings against what the program takes, and against README.
@Suite struct SettingTests {
  private static let home = "/nonexistent"

  private static func configuration(_ settings: [String: String] = [:]) throws -> Configuration {
    try Configuration(environment: settings.merging(["HOME": home]) { old, _ in old })
  }

  @Test func `README's table is the table of settings`() throws {
    let standard = try Self.configuration()
    let expected = Setting.all.map { setting in
      let value = setting.shown(standard).map { "`\($0.replacing(Self.home, with: "~"))`" }
      return
        "| `\(setting.name)` | \(setting.standard ?? value ?? "none") | \(setting.range) | \(setting.meaning) |"
    }
    let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "README.md")
    let lines = try String(contentsOf: readme, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(
      lines.filter { $0.hasPrefix("| `META_") } == expected,
      "README.md should have:\n\(expected.joined(separator: "\n"))")
  }

  @Test(
    arguments: Setting.all.filter { $0.range.contains(" to ") && $0.range.first?.isNumber == true }.map(
      \.name))
  func `a number is taken up to its bounds and refused beyond`(name: String) throws {
    let setting = try #require(Setting.all.first { $0.name == name })
    let bounds = setting.range.split(separator: " ").compactMap { Int64($0) }
    try #require(bounds.count == 2)
    for good in bounds {
      #expect(setting.shown(try Self.configuration([name: String(good)])) == String(good))
    }
    let wrong = [String(bounds[0] - 1), String(bounds[1] + 1), "1.5", "+1", "0x1", "99999999999999999999"]
    for text in wrong {
      let error = #expect(throws: ConfigurationError.self) { try Self.configuration([name: text]) }
      #expect(
        error?.description == "\(name) is \"\(text)\"; it must be a whole number from \(setting.range).")
    }
  }

  @Test func `what one may write is taken, and shown as it is meant`() throws {
    let given = [
      "META_GRAPH_URL": "https://graph.example/", "META_GRAPH_VERSION": "v25.0", "META_LOG_LEVEL": "WARNING",
      "META_TRUSTED_PROXIES": "127.0.0.1,10.0.0.0/8 fd00::/8", "META_DATA_DIR": "~/data/", "META_APP_ID": "1",
      "META_APP_SECRET": "hush",
    ]
    let shown = try Dictionary(
      uniqueKeysWithValues: Self.configuration(given).settings.map { ($0.name, $0.value) })
    for (name, value) in [
      "META_GRAPH_URL": "https://graph.example", "META_GRAPH_VERSION": "v25.0", "META_LOG_LEVEL": "warning",
      "META_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8, fd00::/8", "META_DATA_DIR": "\(Self.home)/data",
      "META_CACHE_DIR": "\(Self.home)/data/cache", "META_APP_ID": "1", "META_APP_SECRET": "<redacted>",
    ] {
      #expect(shown[name] == value, "\(name)")
    }
  }
}
