internal import Glibc
internal import JSON
public import Logging

/// Writes one line of JSON per event to standard error, in one `write`, so that lines of several processes that
/// share a log never mix.
public struct JSONLogHandler: LogHandler {
  /// Fields of every line of this logger.
  public var metadata: Logger.Metadata = [:]
  /// The least level that is written.
  public var logLevel: Logger.Level

  /// A handler that writes what is at least of this level.
  public init(level: Logger.Level) { logLevel = level }

  /// One of the fields of every line.
  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes `{"time","level","message", …fields in alphabetical order}`.
  public func log(
    level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?, source: String, file: String,
    function: String, line: UInt
  ) {
    var members: JSONObject = [
      "time": .string(Timestamp.now.description), "level": .string(level.rawValue),
      "message": .string(message.description),
    ]
    let fields = self.metadata.merging(metadata ?? [:]) { _, new in new }
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) { members[name] = .string(value.description) }
    Self.write(JSONValue.object(members).serialized())
  }

  /// Standard error is the log of every host that we know; a line that cannot be written is lost, not retried.
  static func write(_ line: [UInt8]) {
    var line = line
    line.append(UInt8(ascii: "\n"))
    _ = line.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
