// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  // C types and other implementation details stay out of our interfaces.
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "meta-module",
  products: [
    .executable(name: "meta.fcgi", targets: ["meta-fcgi"]),
    .executable(name: "metactl", targets: ["metactl"]),
    .executable(name: "meta-image", targets: ["meta-image"]),
    .executable(name: "graph-simulator", targets: ["graph-simulator"]),
  ],
  dependencies: [
    // metactl's commands, help and shell completions.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // The logging interface of the Swift ecosystem; our handler writes one line of JSON per event.
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // The Graph simulator's HTTP server: pipelining, chunking and raw channels for its faults.
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    // C, each behind one door.
    .systemLibrary(name: "CFastCGI", providers: [.apt(["libfcgi-dev"])]),
    .target(name: "CCurl"),
    .target(name: "COpenAPI", exclude: ["openapi.json"]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CSQLite"),
    .target(name: "CPostgres"),
    .target(name: "CPlatform"),
    // libturbojpeg and libwebp, which need nothing but the C library: decoders and encoders of Instagram's pictures.
    .target(name: "CImage"),

    // Doors, and what has no door to anything.
    .target(name: "Text", swiftSettings: strict),
    .target(name: "JSON", dependencies: ["Text"], swiftSettings: strict),
    .target(name: "System", dependencies: ["CPlatform"], swiftSettings: strict),
    .target(name: "FastCGI", dependencies: ["CFastCGI", "System"], swiftSettings: strict),
    .target(name: "HTTPClient", dependencies: ["CCurl", "Text"], swiftSettings: strict),
    .target(name: "Cryptography", dependencies: ["COpenSSL"], swiftSettings: strict),
    .target(name: "SQL", dependencies: ["CPostgres", "CSQLite", "System"], swiftSettings: strict),

    .target(name: "Imaging", dependencies: ["CImage"], swiftSettings: strict),

    // Rooms, which do not know each other.
    .target(
      name: "Graph", dependencies: ["Cryptography", "HTTPClient", "JSON", "Text"], swiftSettings: strict),
    .target(
      name: "Store", dependencies: ["CSQLite", "Cryptography", "SQL", "System", "Text"], swiftSettings: strict
    ),
    .target(name: "Cache", dependencies: ["System", "Text"], swiftSettings: strict),

    // Core.
    .target(
      name: "MetaModule",
      dependencies: [
        "COpenAPI", "Cache", "Cryptography", "Graph", "HTTPClient", "JSON", "Store", "System", "Text",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),

    // Programs.
    .executableTarget(
      name: "meta-fcgi", dependencies: ["FastCGI", "MetaModule", "System", "Text"], swiftSettings: strict),
    .executableTarget(
      name: "metactl",
      dependencies: [
        "Cache", "JSON", "MetaModule", "Store", "System", "Text",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Makes smaller pictures, in a process of its own that can do nothing else.
    .executableTarget(
      name: "meta-image", dependencies: ["CImage", "Imaging", "System"], swiftSettings: strict),

    // Meta's Graph API, simulated: for tests, the demo and benchmarks; no part of the product.
    .target(
      name: "GraphSimulator",
      dependencies: [
        "CImage", "JSON",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "graph-simulator",
      dependencies: [
        "GraphSimulator", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Tests.
    .target(
      name: "TestSupport", dependencies: ["HTTPClient", "JSON", "SQL", "System"], path: "Tests/TestSupport",
      swiftSettings: strict),
    .testTarget(
      name: "ArchitectureTests", dependencies: ["TestSupport"], swiftSettings: strict),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "CryptographyTests", dependencies: ["Cryptography", "JSON", "TestSupport"],
      resources: [.copy("Vectors")], swiftSettings: strict),
    .testTarget(name: "SQLTests", dependencies: ["SQL", "System", "TestSupport"], swiftSettings: strict),
    // A FastCGI and CGI program without the core, for the tests that need a process of its own and for benchmarks.
    .executableTarget(
      name: "fastcgi-echo", dependencies: ["FastCGI", "System"], path: "Tests/FastCGIEcho",
      swiftSettings: strict),
    .testTarget(
      name: "FastCGITests", dependencies: ["FastCGI", "System", "TestSupport", "fastcgi-echo"],
      swiftSettings: strict),
    .testTarget(
      name: "HTTPClientTests", dependencies: ["HTTPClient", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "GraphSimulatorTests", dependencies: ["GraphSimulator", "HTTPClient", "JSON", "TestSupport"],
      swiftSettings: strict),
    // A process of its own for what only processes can show: kill -9, file size limits, foreign locks.
    .executableTarget(
      name: "store-torture", dependencies: ["Store", "Text"], path: "Tests/StoreTorture",
      swiftSettings: strict),
    .testTarget(
      name: "StoreTests", dependencies: ["SQL", "Store", "TestSupport", "Text", "store-torture"],
      swiftSettings: strict),
    .testTarget(
      name: "CacheTests", dependencies: ["Cache", "TestSupport", "Text", "cache-torture"],
      swiftSettings: strict),
    .testTarget(
      name: "ImagingTests", dependencies: ["CImage", "Imaging", "TestSupport", "meta-image"],
      swiftSettings: strict),
    .testTarget(name: "SystemTests", dependencies: ["System", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "MetaModuleTests",
      dependencies: [
        "Cache", "Cryptography", "Graph", "GraphSimulator", "JSON", "MetaModule", "SQL", "Store", "System",
        "TestSupport", "Text", "meta-image",
      ],
      exclude: ["Golden"],
      swiftSettings: strict),
    // One process of several that share a cache, to be killed: by tests, and by hand with a million keys.
    .executableTarget(
      name: "cache-torture", dependencies: ["Cache", "Text"], path: "Tests/CacheTorture",
      swiftSettings: strict),
    // The pieces of a warm request, one by one, for the benchmarks.
    .executableTarget(
      name: "hot-pieces",
      dependencies: ["MetaModule", "Cache", "Cryptography", "Graph", "JSON", "Store", "Text"],
      path: "Tests/HotPieces",
      swiftSettings: strict),
    // Whatever reads what others wrote, for libFuzzer, and for the suite, which reads its corpora.
    .executableTarget(
      name: "fuzz",
      dependencies: ["MetaModule", "Graph", "Imaging", "JSON", "Cryptography", "FastCGI", "System", "Text"],
      path: "Tests/Fuzz",
      exclude: ["corpus", "fetcher.py", "run"], swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "TestSupport", "GraphSimulator", "JSON", "HTTPClient", "MetaModule", "Cache", "Cryptography", "Store",
        "Text", "metactl",
        "meta-fcgi", "fuzz", "graph-simulator",
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// The product does without the standard library's regular expressions, and the characters that come with them: 1.4 MB of
// a program, and a tenth of what the loader has to do before a cold CGI request.
for target in package.targets
where target.path == nil && target.type != .test && target.name.hasSuffix("imulator") == false {
  target.swiftSettings?.append(
    .unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"]))
}
