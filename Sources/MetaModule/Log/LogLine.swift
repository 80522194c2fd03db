internal import JSON
internal import Logging
internal import Text

/// One line of the log in the making: a JSON object, built as bytes, since every request writes one.
struct LogLine: ~Copyable {
  private let level: Logger.Level
  private var text = TextBuffer(capacity: 320)
  private var beginning = 0
  /// Where the value stands that was added last.
  var lastValue: Range<Int> { beginning..<text.count }

  /// Begins with `{"time","level","message"`.
  init(_ level: Logger.Level, _ message: String, at now: Timestamp) {
    self.level = level
    text.append("{\"time\":\"")
    now.append(to: &text)
    text.append("\",\"level\":\"")
    text.append(text: level.rawValue)
    text.append(UInt8(ascii: "\""))
    add("message", message)
  }

  /// A text; whatever is in it, it stays one line and one JSON string, and does nothing to the terminal that shows it.
  mutating func add(_ name: String, _ value: String) {
    begin(name)
    let isPlain = value.allBytes {
      $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    if isPlain {
      text.append(UInt8(ascii: "\""))
      text.append(text: value)
      text.append(UInt8(ascii: "\""))
    } else {
      text.append(JSONValue.string(value).serialized(escaping: .unseen))
    }
  }

  mutating func add(_ name: String, _ number: Int) {
    begin(name)
    text.append(decimal: Int64(number))
  }

  /// Microseconds, written as milliseconds with three decimals.
  mutating func add(_ name: String, microseconds: Int64) {
    begin(name)
    text.append(microseconds: microseconds)
  }

  mutating func add(_ name: String, _ texts: [String]) {
    begin(name)
    text.append(JSONValue.array(texts.map { .string($0) }).serialized(escaping: .unseen))
  }

  consuming func write(to log: LogSink = .standardError) {
    let isUrgent = level >= .warning
    log.write(ended(), isUrgent: isUrgent)
  }

  consuming func ended() -> [UInt8] {
    text.append("}\n")
    return text.bytes
  }

  private mutating func begin(_ name: String) {
    text.append(",\"")
    text.append(text: name)
    text.append("\":")
    beginning = text.count
  }
}

extension TextBuffer {
  mutating func append(microseconds: Int64) {
    append(decimal: microseconds / 1000)
    append(UInt8(ascii: "."))
    append(decimal: microseconds % 1000, width: 3)
  }
}
