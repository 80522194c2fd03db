package import Logging
internal import Text

/// Writes one line of JSON per event to standard error.
package struct JSONLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level

  package init(level: Logger.Level) { logLevel = level }

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
