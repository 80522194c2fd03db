internal import Glibc

/// A moment in whole seconds, written `2025-12-18T10:00:00Z` in answers and in the database.
///
/// Meta's own timestamps (`2025-12-18T10:30:00+0000`) are not of this type: they pass through unchanged.
package struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
  package let seconds: Int64

  package init(seconds: Int64) { self.seconds = seconds }

  package static var now: Timestamp { Timestamp(seconds: Int64(time(nil))) }

  /// Reads an RFC 3339 date and time (`Z`, `+00:00` and `+0000` offsets, fractions dropped); `nil` for
  /// anything else, including dates that do not exist.
  package init?(_ text: String) {
    var bytes = Array(text.utf8)[...]
    func digits(_ count: Int) -> Int? {
      guard bytes.count >= count else { return nil }
      var value = 0
      for byte in bytes.prefix(count) {
        guard byte.isDigit else { return nil }
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
      }
      bytes = bytes.dropFirst(count)
      return value
    }
    func skip(_ allowed: String) -> UInt8? {
      guard let byte = bytes.first, allowed.utf8.contains(byte) else { return nil }
      bytes = bytes.dropFirst()
      return byte
    }
    guard let year = digits(4), skip("-") != nil, let month = digits(2), skip("-") != nil,
      let day = digits(2), skip("Tt ") != nil, let hour = digits(2), skip(":") != nil,
      let minute = digits(2), skip(":") != nil, let second = digits(2),
      year >= 1970, (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 60,
      day <= Self.days(inMonth: month, of: year)
    else { return nil }
    if skip(".") != nil {
      guard digits(1) != nil else { return nil }
      while digits(1) != nil {}
    }
    var offset = 0
    guard let sign = skip("Zz+-") else { return nil }
    if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
      guard let hours = digits(2), hours < 24 else { return nil }
      _ = skip(":")
      guard let minutes = digits(2), minutes < 60 else { return nil }
      offset = (hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }
    guard bytes.isEmpty else { return nil }
    let days = Self.daysSince1970(year: year, month: month, day: day)
    seconds = Int64(days * 86400 + hour * 3600 + minute * 60 + second - offset)
  }

  /// `2025-12-18T10:00:00Z`.
  package var description: String {
    var text = TextBuffer(capacity: 20)
    append(to: &text)
    return String(decoding: text.bytes, as: UTF8.self)
  }

  package func append(to text: inout TextBuffer) {
    func add(_ mark: UInt8, _ part: Int64) {
      text.append(mark)
      text.append(decimal: part, width: 2)
    }
    // Reckoned here: gmtime_r() reads the machine's time zone first, and holds a lock of the whole process.
    let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86400)
    let second = rest < 0 ? rest + 86400 : rest
    let date = Self.date(daysSince1970: rest < 0 ? days - 1 : days)
    text.append(decimal: date.year, width: 4)
    add(UInt8(ascii: "-"), date.month)
    add(UInt8(ascii: "-"), date.day)
    add(UInt8(ascii: "T"), second / 3600)
    add(UInt8(ascii: ":"), second / 60 % 60)
    add(UInt8(ascii: ":"), second % 60)
    text.append(UInt8(ascii: "Z"))
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.seconds < right.seconds }

  private static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
  private static func date(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let days = daysSince1970 + 719_468
    let dayOfEra = (days % 146_097 + 146_097) % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + (days - dayOfEra) / 146_097 * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  /// The same, days_from_civil.
  private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
