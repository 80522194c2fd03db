internal import Glibc

/// The time as Graph writes it. Foundation's formatters are slower than the rest of an answer together.
package enum GraphTime {
  /// Seconds since 1970.
  package static func now() -> Int { Glibc.time(nil) }

  /// Milliseconds since 1970.
  static func milliseconds() -> Int {
    var moment = timespec()
    clock_gettime(CLOCK_REALTIME, &moment)
    return moment.tv_sec * 1000 + moment.tv_nsec / 1_000_000
  }

  /// `2025-12-18T10:30:00+0000`: without a colon in the offset, as Graph has it.
  static func stamp(_ time: Int) -> String {
    let moment = Moment(time)
    return "\(moment.year)-\(two(moment.month))-\(two(moment.day))T"
      + "\(two(moment.hour)):\(two(moment.minute)):\(two(moment.second))+0000"
  }

  /// `Wed, 16 Dec 2020 05:12:12 GMT`, for the `Date` header.
  static func header(_ time: Int) -> String {
    let moment = Moment(time)
    return "\(days[moment.weekday].prefix(3)), \(two(moment.day)) \(months[moment.month - 1]) \(moment.year) "
      + "\(two(moment.hour)):\(two(moment.minute)):\(two(moment.second)) GMT"
  }

  /// `Wednesday, 02-Sep-26 07:00:00 PDT`: how the text of subcode 463 tells times.
  static func california(_ time: Int) -> String {
    // Summer time by month only: no client may read this text.
    let summer = (4...10).contains(Moment(time).month)
    let moment = Moment(time - (summer ? 7 : 8) * 3600)
    return
      "\(days[moment.weekday]), \(two(moment.day))-\(months[moment.month - 1])-\(two(moment.year % 100)) "
      + "\(two(moment.hour)):\(two(moment.minute)):\(two(moment.second)) \(summer ? "PDT" : "PST")"
  }

  /// Seconds since 1970 of a UTC date.
  package static func time(
    _ year: Int, _ month: Int, _ day: Int, _ hour: Int = 0, _ minute: Int = 0, _ second: Int = 0
  ) -> Int {
    var parts = tm()
    parts.tm_year = Int32(year - 1900)
    parts.tm_mon = Int32(month - 1)
    parts.tm_mday = Int32(day)
    return timegm(&parts) + hour * 3600 + minute * 60 + second
  }

  private static let days = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

}

/// A point in time, taken apart in UTC.
private struct Moment {
  let year, month, day, hour, minute, second, weekday: Int

  init(_ time: Int) {
    var parts = tm()
    var seconds = time_t(time)
    gmtime_r(&seconds, &parts)
    year = Int(parts.tm_year) + 1900
    month = Int(parts.tm_mon) + 1
    day = Int(parts.tm_mday)
    hour = Int(parts.tm_hour)
    minute = Int(parts.tm_min)
    second = Int(parts.tm_sec)
    weekday = Int(parts.tm_wday)
  }
}
