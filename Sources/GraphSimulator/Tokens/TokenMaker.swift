/// Token texts. They follow from what they stand for, so that a simulator which was restarted still knows
/// the Page tokens that somebody stored.
enum TokenMaker {
  /// A long-lived user token.
  static func userToken(label: String, userID: String) -> String {
    var noise = Noise("user token \(label) \(userID)")
    return "EAAB" + noise.letters(180)
  }

  /// What a short-lived token is exchanged for.
  static func longLivedToken(from short: String) -> String {
    var noise = Noise("long-lived token \(short)")
    return "EAAL" + noise.letters(180)
  }

  /// The token of a Page, as this user token is given it. Not secret, only recognizable: it names its
  /// user token by key and its Page by id, and its tail must fit both.
  static func pageToken(userToken: String, pageID: String) -> String {
    var noise = Noise("page token \(userToken) \(pageID)")
    return pagePrefix + key(of: userToken) + noise.letters(90) + separator + pageID
  }

  /// The key of the user token and the id of the Page that a Page token names.
  static func parts(ofPageToken token: String) -> (key: String, pageID: String)? {
    guard token.hasPrefix(pagePrefix), token.utf8.count > 110, let end = token.lastRange(of: separator)
    else { return nil }
    let key = token.dropFirst(pagePrefix.count).prefix(keyLength)
    return (String(key), String(token[end...].dropFirst(separator.count)))
  }

  static func key(of userToken: String) -> String {
    var noise = Noise("key \(userToken)")
    return noise.letters(keyLength)
  }

  private static let pagePrefix = "EAAP"
  private static let separator = "ZD"
  private static let keyLength = 16
}

extension String {
  /// Where `text` stands for the last time.
  fileprivate func lastRange(of text: String) -> String.Index? {
    var position = endIndex
    while position > startIndex {
      position = index(before: position)
      if self[position...].hasPrefix(text) { return position }
    }
    return nil
  }
}
