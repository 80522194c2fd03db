/// Numbers for a person.
enum Count {
  /// `1 token`, `2 tokens`.
  static func text(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

  /// `9000 bytes`, `88 KiB`, `12 MiB`.
  static func bytes(_ bytes: Int64) -> String {
    if bytes < 10 << 10 { return "\(bytes) bytes" }
    if bytes < 10 << 20 { return "\(bytes >> 10) KiB" }
    return "\(bytes >> 20) MiB"
  }
}
