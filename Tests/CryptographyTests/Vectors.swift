import Foundation
import JSON
import Testing

/// The files in `Vectors/`: `generate`, `verify` and `invalid` are the Fernet specification's own, unchanged;
/// `own_generate` was made with Python's `cryptography` for other lengths, bytes and times.
enum Vectors {
  static func load(_ name: String) throws -> JSONValue {
    let url = try #require(Bundle.module.url(forResource: "Vectors/\(name)", withExtension: "json"))
    return try JSONValue(parsing: Array(Data(contentsOf: url)))
  }

  static func string(_ name: String, of vector: JSONValue) throws -> String {
    try #require(vector[name]?.string)
  }

  static func integer(_ name: String, of vector: JSONValue) throws -> Int64 {
    try #require(vector[name]?.int64)
  }

  /// A list of numbers.
  static func bytes(_ name: String, of vector: JSONValue) throws -> [UInt8] {
    try #require(vector[name]?.array).map { try #require($0.int64.flatMap(UInt8.init(exactly:))) }
  }

  /// Seconds since 1970 of a time such as `1985-10-26T01:20:00-07:00`.
  static func seconds(_ text: String) throws -> Int64 {
    Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970)
  }

  /// The bytes of an even number of hexadecimal digits.
  static func bytes(hexadecimal text: String) throws -> [UInt8] {
    let digits = Array(text)
    return try stride(from: 0, to: digits.count, by: 2).map {
      try #require(UInt8(String(digits[$0...$0 + 1]), radix: 16))
    }
  }
}
