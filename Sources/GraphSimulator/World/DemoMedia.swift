/// The posts of the demo: every kind there is, and every field that can be missing.
enum DemoMedia {
  /// 87 posts; the two newest are those of the API's documentation.
  static let john: [Media] = {
    var media = [
      Media(
        id: "17999999999999999", caption: "Check out our new product!",
        time: GraphTime.time(2025, 12, 18, 10, 30),
        permalink: "https://instagram.com/p/ABC123/", likes: 234, comments: 45),
      Media(
        id: "17888888888888888", type: "VIDEO", caption: "Behind the scenes video",
        time: GraphTime.time(2025, 12, 17, 15, 45), permalink: "https://instagram.com/p/XYZ789/", likes: 512,
        comments: 61),
    ]
    var noise = Noise("John's posts")
    for index in 0..<85 {
      var post = Media(
        id: "1798\(1_000_000_000_000 + index * 7_919_463_210)",
        caption: noise.below(9) == 0 ? nil : products[noise.below(products.count)],
        time: GraphTime.time(2025, 12, 16, 9) - index * 86_400 * 2 - noise.below(40_000),
        likes: 40 + noise.below(600), comments: noise.below(80))
      if index % 6 == 2 { post.type = "VIDEO" }
      if index % 6 == 4 { post.makeAlbum(parts: 2 + noise.below(5)) }
      media.append(post)
    }
    return media
  }()

  /// Every media type and every omission, in Swedish and English.
  static let maria: [Media] = {
    let time = GraphTime.time(2026, 11, 20, 7, 15)
    func id(_ index: Int) -> String { "1801\(20_000_000_000_000 + index * 137_438_953)" }
    func at(_ index: Int) -> Int { time - index * 86_400 }
    var album = Media(
      id: id(3), caption: "Five moods of a Sunday ☕️🥐🎷📚🌧️", time: at(3), likes: 873, comments: 31)
    album.makeAlbum(parts: 5)
    return [
      Media(
        id: id(0), caption: "God morgon! Kanelbullarna är ute ur ugnen 🧡👩🏽‍🍳", time: at(0), likes: 412,
        comments: 18, alternativeText: "A tray of cinnamon buns"),
      Media(
        id: id(1), type: "VIDEO", productType: "REELS", caption: "Latte art in 12 seconds ✨ #latteart",
        time: at(1),
        likes: 5_230, comments: 204),
      // Licensed music: no media_url.
      Media(
        id: id(2), type: "VIDEO", productType: "REELS", caption: "Friday jazz 🎷", time: at(2), likes: 1_904,
        comments: 77, hasMediaURL: false),
      album,
      Media(id: id(4), time: at(4), likes: 96, comments: 2),
      Media(id: id(5), type: "VIDEO", caption: "How we roast.", time: at(5), likes: 377, comments: 12),
      Media(
        id: id(6), type: "BROADCAST", caption: "Live from the kitchen", time: at(6), likes: 58, comments: 140,
        hasMediaURL: false),
      Media(
        id: id(7), type: "HOLOGRAM", caption: "A kind of post that nobody has heard of yet.", time: at(7),
        likes: 1),
      Media(
        id: id(8), caption: "We do not count here.", time: at(8), likes: 222, comments: 9, hidesLikes: true),
      Media(
        id: id(9), caption: "Comments are off for this one.", time: at(9), likes: 11, disablesCounts: true),
      Media(id: id(10), caption: long, time: at(10), likes: 64, comments: 3),
      Media(
        id: id(11), caption: "<script>alert(1)</script> <b>bold</b> & \"quotes\" 'n' \\ / {{x}}",
        time: at(11),
        likes: 7, comments: 1),
      Media(id: id(12), caption: "Line one\nLine two\r\n\ttabbed\u{2028}separated", time: at(12), likes: 15),
      Media(id: id(13), caption: "", time: at(13), likes: 3),
    ]
  }()

  /// Right to left, and digits of another script.
  static let yusuf: [Media] = {
    var noise = Noise("Yusuf's posts")
    return (0..<40).map { index in
      var post = Media(
        id: "1790\(3_000_000_000_000 + index * 9_876_543_210)", caption: olives[index % olives.count],
        time: GraphTime.time(2026, 11, 18, 16, 5) - index * 86_400 - noise.below(20_000),
        likes: 900 + noise.below(9_000), comments: noise.below(300))
      if index % 5 == 1 { post.type = "VIDEO" }
      if index % 5 == 3 { post.makeAlbum(parts: 3) }
      return post
    }
  }()

  /// As long as Instagram permits.
  private static let long: String = {
    var text = "The story of our sourdough. "
    while text.unicodeScalars.count < 2_200 { text += "Flour, water, salt, time — and a little more time. " }
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(2_200)))
  }()

  private static let products = [
    "The walnut desk shelf is back in stock.", "Three colours, one notebook. Which one is yours?",
    "Packed with care, shipped without plastic 📦", "Our workshop on a Monday morning.", "Made to last.",
    "A pen stand for people who own one pen.", "Thank you for 5,000 followers! 🎉",
    "Small batch, big smiles 😊",
    "New: the felt mat, now in forest green 🌲", "Sale ends on Sunday.", "Sketches for spring.",
  ]
  private static let olives = [
    "زيت زيتون بكر من أول عصرة 🫒", "Cold pressed this morning.", "طلبيات العيد مفتوحة حتى ١٥ نوفمبر",
    "شكراً لكم جميعاً ❤️", "From the grove to the bottle.", "وصفة اليوم: مسبّحة بالليمون (mixed with English)",
  ]
}

extension Media {
  /// Turns a post into an album of pictures, the third of which is a video.
  mutating func makeAlbum(parts: Int) {
    type = "CAROUSEL_ALBUM"
    let own = self
    children = (1...parts).map { part in
      Media(id: "\(own.id.dropLast(2))\(10 + part)", type: part == 3 ? "VIDEO" : "IMAGE", time: own.time)
    }
  }
}
