// What swift-argument-parser needs of Foundation, for release builds with the runtime inside (nginx/build): the module of
// that name adds 6.6 MB to metactl and is used for two things. An error may describe itself as a LocalizedError, which
// none of ours does; and a program tells its commands as JSON for makers of manuals, which only a build with Foundation
// can: `swift run metactl --experimental-dump-help`.

// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

import Glibc

public protocol LocalizedError: Error {
  var errorDescription: String? { get }
}

public struct Data {}

extension String {
  public enum Encoding { case utf8 }

  public init?(data: Data, encoding: Encoding) { nil }
}

public final class JSONEncoder {
  public enum OutputFormatting: Sendable {
    case prettyPrinted, sortedKeys

    public func insert(_: OutputFormatting) {}
  }

  public var outputFormatting = OutputFormatting.prettyPrinted

  public init() {}

  public func encode(_: some Encodable) throws -> Data {
    let sentence =
      "Error: This build cannot dump its help. swift run metactl --experimental-dump-help does.\n"
    _ = sentence.utf8CString.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count - 1) }
    exit(EX_UNAVAILABLE)
  }
}
