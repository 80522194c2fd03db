/// One Instagram post, or one part of an album.
package struct Media: Sendable {
  /// 17 or 18 digits.
  package var id: String
  /// `IMAGE`, `VIDEO`, `CAROUSEL_ALBUM`, `BROADCAST`, or something that Meta has yet to invent.
  package var type: String
  /// `FEED`, `REELS`, `STORY` or `AD`.
  package var productType: String
  /// The text; many posts have none.
  package var caption: String?
  /// Seconds since 1970.
  package var time: Int
  /// The address of the post on Instagram.
  package var permalink: String
  /// Likes.
  package var likes: Int
  /// Comments.
  package var comments: Int
  /// False when flagged for copyright (or a Reel with licensed music): `media_url` is left out.
  package var hasMediaURL: Bool
  /// The owner hides likes: the count is left out where the post is read through an edge.
  package var hidesLikes: Bool
  /// The owner disabled likes and comments: neither count is ever there.
  package var disablesCounts: Bool
  /// The description for people who do not see the picture.
  package var alternativeText: String?
  /// Parts of an album.
  package var children: [Media]

  /// A post; everything but its id, time and kind has a common value.
  package init(
    id: String, type: String = "IMAGE", productType: String = "FEED", caption: String? = nil, time: Int,
    permalink: String? = nil, likes: Int = 0, comments: Int = 0, hasMediaURL: Bool = true,
    hidesLikes: Bool = false, disablesCounts: Bool = false, alternativeText: String? = nil,
    children: [Media] = []
  ) {
    self.id = id
    self.type = type
    self.productType = productType
    self.caption = caption
    self.time = time
    self.permalink =
      permalink
      ?? "https://www.instagram.com/\(productType == "REELS" ? "reel" : "p")/\(Media.shortcode(id))/"
    self.likes = likes
    self.comments = comments
    self.hasMediaURL = hasMediaURL
    self.hidesLikes = hidesLikes
    self.disablesCounts = disablesCounts
    self.alternativeText = alternativeText
    self.children = children
  }

  /// The last part of the permalink.
  package var shortcode: String {
    permalink.split(separator: "/").last.map(String.init) ?? ""
  }

  /// Eleven characters which look like Instagram's and follow from the id.
  static func shortcode(_ id: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var source = Noise(id)
    let tail = (0..<10).map { _ in alphabet[source.below(64)] }
    return "C" + String(decoding: tail, as: UTF8.self)
  }
}
