import Glibc
import Testing

@testable import Text

/// Moments are reckoned without the C library; here they are held against it.
@Suite struct TimestampTests {
  private func reference(_ seconds: Int64) -> String {
    var (moment, parts) = (time_t(seconds), tm())
    gmtime_r(&moment, &parts)
    var text = [CChar](repeating: 0, count: 40)
    strftime(&text, text.count, "%FT%TZ", &parts)
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  @Test func `every day of four hundred years has its date, and its seconds`() {
    for day in Int64(-20_000)...130_000 {
      let seconds = day * 86400 + (day &* 7919) % 43200
      let said = Timestamp(seconds: seconds).description
      guard said == reference(seconds) else {
        return #expect(Bool(false), "\(seconds) is said to be \(said)")
      }
    }
  }

  @Test(
    arguments: [
      -1, 0, 951_782_399, 951_782_400, 4_107_542_399, 253_402_300_799, -2_208_988_800,
    ] as [Int64])
  func `the edges of years, of leap days and of the count are right`(_ seconds: Int64) {
    #expect(Timestamp(seconds: seconds).description == reference(seconds))
  }

  @Test func `no number ends the program`() {
    for seconds in [Int64.min, .min + 1, .max - 1, .max] {
      #expect(Timestamp(seconds: seconds).description.hasSuffix("Z"))
    }
  }
}
