/// Pictures and videos: the signed, short-lived URLs of Meta's content network, and what they answer.
struct CDN {
  static let prefix = "/cdn/"

  /// What a URL shows.
  enum Kind: String, Sendable {
    case image = "i"
    case thumbnail = "t"
    case video = "v"
    case portrait = "p"
  }

  /// The URL of something of Instagram's. Images live for about four days, videos for one.
  func mediaURL(base: String, id: String, _ kind: Kind) -> String {
    let path = "\(Self.prefix)\(kind.rawValue)/\(id)_n.\(kind == .video ? "mp4" : "jpg")"
    return "\(base)\(path)?\(signature(path, days: kind == .video ? 1 : 4))"
  }

  /// The URL of a Facebook profile picture, which lives for thirty days and is signed otherwise.
  func pictureURL(
    base: String, ownerID: String, width: Int, height: Int, isSilhouette: Bool
  ) -> String {
    let path = "\(Self.prefix)platform/profilepic/"
    let end = expiry(days: 30)
    let query = "asid=\(ownerID)&height=\(height)&width=\(width)&ext=\(end)"
    let outline = isSilhouette ? "&outline=1" : ""
    return "\(base)\(path)?\(query)\(outline)&hash=Ae\(Self.seal("\(query)\(outline)", 14))"
  }

  /// When it is; a URL ends.
  var now = GraphTime.now()
  /// For how many seconds one lives; `nil`: for days.
  var life: Int?

  func respond(to request: IncomingRequest) -> Reply {
    let parts = request.path.dropFirst(Self.prefix.count).split(separator: "/").map(String.init)
    if parts == ["platform", "profilepic"] { return profilePicture(request.query) }
    guard parts.count == 2, let kind = Kind(rawValue: parts[0]),
      let id = parts[1].split(separator: "_").first.map(String.init)
    else { return text(404, "Not Found") }
    guard let end = request.query["oe"].flatMap({ Int($0, radix: 16) }), let seal = request.query["oh"],
      seal == "00_AY" + Self.seal("\(request.path) \(end)", 40)
    else { return text(403, "Bad URL hash") }
    guard end > now else { return text(403, "URL signature expired") }
    switch kind {
    case .video: return content("video/mp4", EmptyVideo.bytes, for: "cross-origin")
    case .portrait: return content("image/jpeg", Painting(id).portrait(.jpeg))
    case .image, .thumbnail: return content("image/jpeg", Painting(id).landscape(.jpeg))
    }
  }

  private func profilePicture(_ query: Parameters) -> Reply {
    guard let id = query["asid"], let end = query["ext"].flatMap({ Int($0) }) else {
      return text(403, "Bad URL hash")
    }
    let outline = query["outline"] == nil ? "" : "&outline=1"
    let signed =
      "asid=\(id)&height=\(query["height"] ?? "")&width=\(query["width"] ?? "")&ext=\(end)\(outline)"
    guard query["hash"] == "Ae" + Self.seal(signed, 14) else { return text(403, "Bad URL hash") }
    guard end > now else { return text(403, "URL signature expired") }
    let painting = Painting(id)
    return content(
      "image/png", outline.isEmpty ? painting.portrait() : painting.silhouette(), for: "cross-origin")
  }

  /// `oh` is the signature, `oe` the end in hexadecimal; the whole stays the same for a day, so that two
  /// calls in a row give the same URL.
  private func signature(_ path: String, days: Int) -> String {
    let end = expiry(days: days)
    return "stp=dst-jpg_e35&_nc_cat=\(path.utf8.count + 60)&ccb=7-5&_nc_sid=18de74&_nc_ht=scontent"
      + "&oh=00_AY\(Self.seal("\(path) \(end)", 40))&oe=\(String(end, radix: 16, uppercase: true))"
  }

  private func expiry(days: Int) -> Int { life.map { now + $0 } ?? (now / 86_400 + 1 + days) * 86_400 }

  private static func seal(_ text: String, _ length: Int) -> String {
    var noise = Noise("content network \(text)")
    return noise.letters(length)
  }

  /// No other site may show what is Instagram's.
  private func content(_ type: String, _ body: [UInt8], for sites: String = "same-origin") -> Reply {
    Reply(
      status: 200,
      headers: [
        Header("Content-Type", type), Header("Cache-Control", "max-age=1209600, no-transform"),
        Header("Access-Control-Allow-Origin", "*"), Header("Cross-Origin-Resource-Policy", sites),
      ], body: body)
  }

  private func text(_ status: Int, _ text: String) -> Reply {
    Reply(status: status, headers: [Header("Content-Type", "text/plain")], body: Array(text.utf8))
  }
}
