import JSON
import TestSupport
import Testing

@Suite struct JSONNumberTests {
  @Test(arguments: [
    "0", "-0", "1", "-1", "10", "0.0", "0.5", "-0.5e-3", "1e5", "1E5", "1e+5", "1e-05",
    "12345678901234567890",
  ])
  func `a number of the grammar is kept as it is`(text: String) throws {
    #expect(JSONNumber(text)?.text == text)
    #expect(try JSONValue(parsing: text).number?.text == text)
  }

  @Test(arguments: [
    "", "-", "+1", "01", "-01", "00", ".5", "1.", "1.e5", "1e", "1e+", "1e5.5", "0x10", "1_000", "1,0", " 1",
    "1 ",
    "--1", "NaN", "Infinity", "١٢٣", "１", "1\n", "1\0", "e5", "1e٥", "²",
  ])
  func `anything else is no number`(text: String) {
    #expect(JSONNumber(text) == nil)
  }

  @Test(
    arguments: [
      ("0", 0), ("-0", 0), ("-0.0e9", 0), ("0e99999999999999999999", 0), ("0.000e-99999999999999999999", 0),
      ("1", 1), ("-17", -17), ("1.0", 1), ("1.000000000000000000000000000000", 1), ("1e3", 1000),
      ("10e-1", 1),
      ("0.001e3", 1), ("1.5e1", 15), ("120E-1", 12), ("17841400000000001", 17_841_400_000_000_001),
      ("9223372036854775807", .max), ("-9223372036854775808", .min), ("-9223372036854775808.0", .min),
      ("922337203685477580700e-2", .max), ("1e18", 1_000_000_000_000_000_000),
    ] as [(String, Int64)])
  func `a whole number is an integer however it is written`(text: String, expected: Int64) throws {
    #expect(try #require(JSONNumber(text)).int64 == expected)
  }

  @Test(arguments: [
    "1.5", "0.1", "1e-1", "-0.5", "15e-2", "9223372036854775808", "-9223372036854775809", "1e19",
    "2e18446744073709551616", "1e99999999999999999999", "1e-99999999999999999999", "99999999999999999999",
    "18446744073709551615",
    "0.00000000000000000000000000000001", "36893488147419103233",
  ])
  func `what is not whole or does not fit is no integer`(text: String) throws {
    #expect(try #require(JSONNumber(text)).int64 == nil)
  }

  @Test func `an integer literal is digits and perhaps a sign`() throws {
    for text in ["0", "-1", "17841400000000001"] { #expect(try #require(JSONNumber(text)).isIntegerLiteral) }
    for text in ["1.0", "1e3", "-1E3"] { #expect(try !#require(JSONNumber(text)).isIntegerLiteral) }
  }

  @Test(arguments: UInt64(0)..<200)
  func `every integer survives, shifted by any exponent`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let value = Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random)
    #expect(JSONNumber(value).int64 == value)
    let zeros = Int.random(in: 0...30, using: &random)
    guard value != 0 else { return }
    #expect(JSONNumber("\(value)\(String(repeating: "0", count: zeros))e-\(zeros)")?.int64 == value)
  }
}
