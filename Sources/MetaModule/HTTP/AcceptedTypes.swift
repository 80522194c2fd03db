/// The header `Accept` (RFC 9110, section 12.5.1), for the one question that is asked of it.
enum AcceptedTypes {
  /// Whether `image/webp` is named, and not to be left out. That a client takes anything is what those say, too, who have
  /// never heard of it.
  static func haveWebP(_ header: [UInt8]) -> Bool {
    header.split(separator: UInt8(ascii: ",")).contains { part in
      let words = part.split(separator: UInt8(ascii: ";")).map { word in
        String(
          decoding: word.filter { $0 != 0x20 && $0 != 0x09 }.map {
            $0 | ($0 >= 0x41 && $0 <= 0x5A ? 0x20 : 0)
          }, as: UTF8.self)
      }
      return words.first == "image/webp"
        && !words.dropFirst().contains { ["q=0", "q=0.0", "q=0.00", "q=0.000"].contains($0) }
    }
  }
}
