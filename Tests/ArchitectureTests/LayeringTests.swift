import Foundation
import Testing

/// The drawing of the house: what each target may see of ours and of others. Arrows go down, never sideways: `Graph`,
/// `Store` and `Cache` do not know each other. Swift's own library, Glibc and Synchronization are open to all.
@Suite struct LayeringTests {
  static let allowed: [String: Set<String>] = [
    // Doors, and what has none.
    "Text": [],
    "JSON": ["Text"],
    "System": ["CPlatform"],
    "FastCGI": ["CFastCGI", "System"],
    "HTTPClient": ["CCurl", "Text"],
    "Cryptography": ["COpenSSL"],
    "SQL": ["CPostgres", "CSQLite", "System"],
    "Imaging": ["CImage"],
    // Rooms.
    "Graph": ["Cryptography", "HTTPClient", "JSON", "Text"],
    "Store": ["CSQLite", "Cryptography", "SQL", "System", "Text"],
    "Cache": ["System", "Text"],
    // The core and the programs.
    "MetaModule": [
      "COpenAPI", "Cache", "Cryptography", "Graph", "HTTPClient", "JSON", "Logging", "Store", "System",
      "Text",
    ],
    "meta-fcgi": ["FastCGI", "MetaModule", "System", "Text"],
    "metactl": ["ArgumentParser", "Cache", "JSON", "MetaModule", "Store", "System", "Text"],
    "meta-image": ["CImage", "Imaging", "System"],
    "GraphSimulator": ["CImage", "JSON", "NIOCore", "NIOPosix", "NIOHTTP1"],
    "graph-simulator": ["ArgumentParser", "GraphSimulator"],
  ]
  /// What is Swift's, and needs no line in `Package.swift`.
  static let foundation: Set<String> = ["GraphSimulator", "graph-simulator"]
  static let open: Set<String> = ["Glibc", "Synchronization"]

  @Test func `no source imports what its room may not see`() throws {
    let violations = try Self.violations(in: Self.sources())
    #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
  }

  @Test func `a planted import is found`() {
    let planted = [
      "Sources/MetaModule/Endpoints/SyncClient.swift": "internal import SQL\n@preconcurrency import FastCGI",
      "Sources/Graph/GraphClient.swift": "package import Cache",
    ]
    #expect(Self.violations(in: planted).count == 3)
  }

  @Test func `the package says the same as the table`() throws {
    let targets = try Self.targets(
      in: String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8))
    #expect(Set(targets.keys).isSuperset(of: Self.allowed.keys))
    for (target, allowed) in Self.allowed {
      #expect(targets[target] == allowed, "what Package.swift lets \(target) see")
    }
  }

  /// The dependencies of each Swift target that a package description declares.
  static func targets(in description: String) -> [String: Set<String>] {
    let declaration = /\.(?:target|executableTarget)\(\s*name: "([^"]+)",\s*(?:dependencies: \[([^\]]*)\],)?/
    var targets: [String: Set<String>] = [:]
    for found in description.matches(of: declaration) {
      let list = (found.output.2 ?? "").replacing(/,\s*package: "[^"]*"/, with: "")
      targets[String(found.output.1)] = Set(list.matches(of: /"([^"]+)"/).map { String($0.output.1) })
    }
    return targets
  }

  @Test func `the core knows no program and no door to a web server`() throws {
    let rooms = ["Cache", "Graph", "MetaModule", "Store", "System", "Text"]
    let core = try Self.sources().filter { source in
      rooms.contains { source.key.hasPrefix("Sources/\($0)/") }
    }
    #expect(core.count > 20)
    for (path, text) in core {
      for word in ["FCGX", "fcgi_", "nginx_"] { #expect(!text.contains(word), "\(path) names \(word)") }
    }
  }

  @Test func `statements on entities say nothing that only SQLite understands`() throws {
    let own = ["Schema", "Store", "Opening", "Maintenance", "Restore", "StoreError", "Copy"].map {
      "Sources/Store/\($0).swift"
    }
    let entities = try Self.sources().filter { $0.key.hasPrefix("Sources/Store/") && !own.contains($0.key) }
    #expect(entities.count > 10)
    for (path, text) in entities {
      for word in [
        "iif(", "INSERT OR", "LIMIT -1", " IS $", " IS NOT $", "PRAGMA", "sqlite_", "rowid", "SELECT EXISTS",
      ] {
        #expect(!text.contains(word), "\(path) says \(word)")
      }
    }
  }

  @Test func `no service knows a request, and no endpoint asks Graph or the cache itself`() throws {
    let sources = try Self.sources()
    let services = sources.filter { $0.key.hasPrefix("Sources/MetaModule/Services/") }
    #expect(services.count > 10)
    for (path, text) in services {
      for word in ["RequestContext", "Request(", "Response", "APIError", "FieldReader"] {
        #expect(!text.contains(word), "\(path) names \(word)")
      }
    }
    for (path, text) in sources where path.hasPrefix("Sources/MetaModule/Endpoints/") {
      for word in ["GraphCall", "FileCache", "askAll", "unsealed", "beginFlight"] {
        #expect(!text.contains(word), "\(path) names \(word)")
      }
    }
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Path and text of every Swift file below `Sources`.
  static func sources() throws -> [String: String] {
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
      let target = path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
      var visible = open.union(allowed[target] ?? [])
      if foundation.contains(target) { visible.insert("Foundation") }
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
