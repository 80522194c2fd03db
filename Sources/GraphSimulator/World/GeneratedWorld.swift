extension World {
  /// A world of any size, the same for the same seed. Nothing of it exists before it is asked for, except the
  /// tokens: `t0`, `t1` and so on are their labels.
  ///
  /// Page 0 of every token has an Instagram account, every eighth Page has none. Up to 1,000,000 tokens,
  /// and 100,000,000 Pages in all.
  package static func generated(
    seed: UInt64, tokens: Int, pagesPerToken: Int, mediaPerAccount: Int
  ) -> World {
    var world = World()
    let generated = GeneratedWorld(
      seed: seed, tokens: tokens, pagesPerToken: pagesPerToken, mediaPerAccount: mediaPerAccount)
    world.generated = generated
    world.tokens = (0..<tokens).map { index in
      AccessToken(
        label: "t\(index)", value: generated.tokenText(index), userID: generated.userID(index),
        issuedAt: GraphTime.now() - 86_400)
    }
    return world
  }
}

/// People, Pages and posts computed from their ids: an id contains the numbers it was made from.
struct GeneratedWorld: Sendable {
  let seed: UInt64
  let tokens: Int
  let pagesPerToken: Int
  let mediaPerAccount: Int

  /// The newest post of every account; each one before it is a few hours older.
  private static let newest = GraphTime.time(2026, 11, 20, 18, 30)

  func userID(_ user: Int) -> String { "122" + digits(user, 12) }

  func pageID(_ page: Int) -> String { "10" + digits(page, 13) }

  func instagramID(_ page: Int) -> String { "1784" + digits(page, 13) }

  /// 17 digits, or 18 for every other one.
  func mediaID(page: Int, index: Int) -> String {
    index % 2 == 0
      ? "179" + digits(page, 8) + digits(index, 6) : "180" + digits(page, 8) + digits(index, 6) + "0"
  }

  func tokenText(_ index: Int) -> String {
    var noise = noise("token", index)
    return "EAAB" + noise.letters(180)
  }

  func user(_ id: String) -> User? {
    guard let user = number(id, after: "122", count: 12), user < tokens else { return nil }
    var noise = noise("user", user)
    let pages = pagesPerToken
    let roles = Rows<Role>(
      count: pages, make: { Role(pageID: pageID(user * pages + $0)) },
      find: { id in
        guard let page = number(id, after: "10", count: 13), pages > 0, page / pages == user else {
          return nil
        }
        return page % pages
      })
    return User(
      id: id, name: Names.person(&noise), picture: user % 9 == 8 ? .silhouette : .photo, roles: roles)
  }

  func page(_ id: String) -> Page? {
    guard let page = number(id, after: "10", count: 13), page < tokens * pagesPerToken else { return nil }
    var noise = noise("page", page)
    return Page(
      id: id, name: Names.company(&noise), category: Names.category(&noise),
      instagramID: hasInstagram(page) ? instagramID(page) : nil, fanCount: noise.below(90_000))
  }

  func instagramAccount(_ id: String) -> InstagramAccount? {
    guard let page = number(id, after: "1784", count: 13), page < tokens * pagesPerToken, hasInstagram(page)
    else { return nil }
    var noise = noise("page", page)
    let name = Names.company(&noise)
    let media = mediaPerAccount
    let rows = Rows<Media>(
      count: media, make: { self.media(page: page, index: $0) }, find: { _ in nil })
    return InstagramAccount(
      id: id, pageID: pageID(page), username: Names.handle(name, page), name: name,
      biography: page % 3 == 0 ? nil : "\(name) on Instagram", hasPicture: page % 11 != 10,
      followers: noise.below(200_000), follows: noise.below(2_000), rows: rows)
  }

  func post(_ id: String) -> Post? {
    var id = Substring(id)
    var part = 0
    if id.utf8.count == 18, id.hasPrefix("180") {
      part = id.last?.wholeNumberValue ?? 0
      id = id.dropLast()
    } else if !(id.utf8.count == 17 && id.hasPrefix("179")) {
      return nil
    }
    guard let number = Int(id.dropFirst(3)) else { return nil }
    let (page, index) = (number / 1_000_000, number % 1_000_000)
    guard page < tokens * pagesPerToken, index < mediaPerAccount,
      let account = instagramAccount(instagramID(page))
    else { return nil }
    let media = media(page: page, index: index)
    guard part > 0 else {
      return media.id == id + (index % 2 == 0 ? "" : "0") ? Post(media: media, account: account) : nil
    }
    guard part <= media.children.count else { return nil }
    return Post(media: media.children[part - 1], account: account, isChild: true)
  }

  private func media(page: Int, index: Int) -> Media {
    var noise = noise("media", page &* 1_000_003 &+ index)
    let time = Self.newest - index * 6 * 3600 - noise.below(3 * 3600)
    var media = Media(
      id: mediaID(page: page, index: index), caption: noise.below(8) == 0 ? nil : Names.caption(&noise),
      time: time, likes: noise.below(5000), comments: noise.below(200))
    switch noise.below(10) {
    case 0, 1: media.type = "VIDEO"
    case 2:
      media.type = "VIDEO"
      media.productType = "REELS"
      media.hasMediaURL = noise.below(4) != 0
    case 3:
      media.type = "CAROUSEL_ALBUM"
      media.children = (1...(2 + noise.below(4))).map { part in
        Media(
          id: "180" + digits(page, 8) + digits(index, 6) + String(part),
          type: part == 3 ? "VIDEO" : "IMAGE", time: time)
      }
    default: break
    }
    media.hidesLikes = noise.below(20) == 0
    return media
  }

  private func hasInstagram(_ page: Int) -> Bool { pagesPerToken == 0 || page % pagesPerToken % 8 != 7 }

  private func noise(_ kind: String, _ index: Int) -> Noise { Noise("\(kind) \(index) of \(seed)") }

  private func digits(_ number: Int, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
  }

  private func number(_ id: String, after prefix: String, count: Int) -> Int? {
    guard id.utf8.count == prefix.utf8.count + count, id.hasPrefix(prefix) else { return nil }
    return Int(id.dropFirst(prefix.count)).flatMap { $0 >= 0 ? $0 : nil }
  }
}
