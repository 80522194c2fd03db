package import Logging
internal import Text

/// Writes one line of JSON per event to standard error.
package struct JSONLogHandler: LogHandler {
  /// Fields of every line of this logger.
  package var metadata: Logger.Metadata = [:]
  /// The least level that is written.
  package var logLevel: Logger.Level

  /// A handler that writes what is at least of this level.
  package init(level: Logger.Level) { logLevel = level }

  /// One of the fields of every line.
  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes `{"time","level","message", …fields in alphabetical order}`.
  package func log(event: LogEvent) {
    var entry = LogLine(event.level, event.message.description, at: .now)
    let fields = self.metadata.merging(event.metadata ?? [:]) { _, new in new }
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) { entry.add(name, value.description) }
    entry.write()
  }
}
