internal import JSON
internal import Logging
internal import Text

/// One line of the log in the making: a JSON object, built as bytes, since every request writes one.
struct LogLine {
  private let level: Logger.Level
  private var bytes: [UInt8] = []

  /// Begins with `{"time","level","message"`.
  init(_ level: Logger.Level, _ message: String, at now: Timestamp) {
    self.level = level
    bytes.reserveCapacity(320)
    bytes.append("{\"time\":\"" as StaticString)
    now.append(to: &bytes)
    bytes.append("\",\"level\":\"" as StaticString)
    bytes.append(level.rawValue)
    bytes.append(UInt8(ascii: "\""))
    add("message", message)
  }

  /// A text; whatever is in it, it stays one line and one JSON string, and does nothing to the terminal that shows it.
  mutating func add(_ name: String, _ text: String) {
    begin(name)
    let isPlain = text.utf8.allSatisfy {
      $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    if isPlain {
      bytes.append(UInt8(ascii: "\""))
      bytes.append(text)
      bytes.append(UInt8(ascii: "\""))
    } else {
      bytes += JSONValue.string(text).serialized(escaping: .unseen)
    }
  }

  mutating func add(_ name: String, _ number: Int) {
    begin(name)
    bytes.append(decimal: Int64(number))
  }

  /// Microseconds, written as milliseconds with three decimals.
  mutating func add(_ name: String, microseconds: Int64) {
    begin(name)
    bytes.append(decimal: microseconds / 1000)
    bytes.append(UInt8(ascii: "."))
    bytes.append(decimal: microseconds % 1000, width: 3)
  }

  mutating func add(_ name: String, _ texts: [String]) {
    begin(name)
    bytes += JSONValue.array(texts.map { .string($0) }).serialized(escaping: .unseen)
  }

  consuming func write(to log: LogSink = .standardError) {
    let isUrgent = level >= .warning
    log.write(ended(), isUrgent: isUrgent)
  }

  consuming func ended() -> [UInt8] {
    bytes.append("}\n" as StaticString)
    return bytes
  }

  private mutating func begin(_ name: String) {
    bytes.append(",\"" as StaticString)
    bytes.append(name)
    bytes.append("\":" as StaticString)
  }
}
