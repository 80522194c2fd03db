import Foundation
import Testing

/// SwiftPM does not stop a target importing a module that it does not list; this does.
///
/// The table is the drawing of the house: what each room may see of ours and of others. Swift's own library, Glibc and
/// Synchronization are open to all.
@Suite struct LayeringTests {
  static let allowed: [String: Set<String>] = [
    "JSON": [],
    "FastCGI": ["CFastCGI"],
    "HTTPClient": ["CCurl"],
    "Cryptography": ["COpenSSL"],
    "SQL": ["CSQLite"],
    "MetaModule": ["JSON", "HTTPClient", "Cryptography", "CProcess", "Logging"],
    "MetaModule/Store": ["SQL", "CSQLite"],
    "MetaModule/Endpoints": ["COpenAPI"],
    "meta-fcgi": ["FastCGI", "MetaModule"],
    "metactl": ["MetaModule", "JSON", "ArgumentParser"],
    "GraphSimulator": ["JSON", "NIOCore", "NIOPosix", "NIOHTTP1", "Foundation"],
    "graph-simulator": ["GraphSimulator", "ArgumentParser", "Foundation"],
  ]
  static let open: Set<String> = ["Glibc", "Synchronization"]

  @Test func `no source imports what its room may not see`() throws {
    let violations = try Self.violations(in: Self.sources())
    #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
  }

  @Test func `a planted import is found`() {
    let planted = [
      "Sources/MetaModule/Endpoints/SyncClient.swift": "internal import SQL\n@preconcurrency import FastCGI"
    ]
    #expect(Self.violations(in: planted).count == 2)
  }

  @Test func `the core knows no program and no door to a web server`() throws {
    let core = try Self.sources().filter { $0.key.hasPrefix("Sources/MetaModule/") }
    #expect(core.count > 20)
    for (path, text) in core {
      for word in ["FCGX", "fcgi_", "nginx_"] { #expect(!text.contains(word), "\(path) names \(word)") }
    }
  }

  /// Path and text of every Swift file below `Sources`.
  static func sources() throws -> [String: String] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let files = try #require(
      FileManager.default.enumerator(at: root.appending(path: "Sources"), includingPropertiesForKeys: nil))
    var result: [String: String] = [:]
    for case let file as URL in files where file.pathExtension == "swift" {
      let path = file.path(percentEncoded: false).dropFirst(root.path(percentEncoded: false).count)
      result[String(path)] = try String(contentsOf: file, encoding: .utf8)
    }
    return result
  }

  static func violations(in sources: [String: String]) -> [String] {
    sources.sorted { $0.key < $1.key }.flatMap { path, text in
      let folders = path.split(separator: "/").dropFirst().map(String.init)
      let room = folders.first ?? ""
      var visible = open.union(allowed[room] ?? [])
      if folders.count > 2 { visible.formUnion(allowed["\(room)/\(folders[1])"] ?? []) }
      return imports(of: text).filter { !visible.contains($0) }.map { "\(path) imports \($0)" }
    }
  }

  private static let accessLevels: Set<String> = ["internal", "public", "package", "private", "fileprivate"]
  private static let kinds: Set<String> = ["struct", "class", "enum", "func", "protocol", "var"]

  /// The modules that a source imports, whatever stands before the word.
  private static func imports(of text: String) -> [String] {
    text.split(separator: "\n").compactMap { line -> String? in
      let words = line.split(separator: " ").map(String.init)
      guard let place = words.firstIndex(of: "import") else { return nil }
      for word in words[..<place] where !accessLevels.contains(word) && !word.hasPrefix("@") { return nil }
      guard let named = words[(place + 1)...].first(where: { !kinds.contains($0) }) else { return nil }
      return named.split(separator: ".").first.map(String.init)
    }
  }
}
