/// Words for generated worlds, in more than one script.
enum Names {
  static func person(_ noise: inout Noise) -> String {
    "\(given[noise.below(given.count)]) \(family[noise.below(family.count)])"
  }

  static func company(_ noise: inout Noise) -> String {
    "\(family[noise.below(family.count)]) \(trades[noise.below(trades.count)])"
  }

  static func category(_ noise: inout Noise) -> Page.Category {
    categories[noise.below(categories.count)]
  }

  /// Letters, digits and dots only, unlike the name it comes from.
  static func handle(_ name: String, _ number: Int) -> String {
    let plain = name.lowercased().utf8.filter { (0x61...0x7a).contains($0) }
    return String(decoding: plain.prefix(20), as: UTF8.self) + ".\(number)"
  }

  static func caption(_ noise: inout Noise) -> String {
    let sentences = (0...noise.below(3)).map { _ in captions[noise.below(captions.count)] }
    return sentences.joined(separator: " ")
  }

  private static let given = [
    "Amara", "Björn", "Chloé", "Dmitri", "Elif", "Farid", "Grace", "Hiroshi", "Inés", "Jamal", "Katarzyna",
    "Liam", "Mei", "Noor", "Olga", "Priya", "Quentin", "Rosa", "Søren", "Thandiwe", "Uma", "Valentina",
    "Wanjiru",
    "Yusuf", "Zoë", "محمد", "さくら", "Ольга",
  ]
  private static let family = [
    "Adeyemi", "Brandt", "Castillo", "Dubois", "Eriksen", "Fernández", "García", "Haddad", "Ivanova",
    "Jensen",
    "Kowalski", "Lindqvist", "Müller", "Nakamura", "O'Brien", "Petrov", "Rossi", "Silva", "Tanaka", "Ünal",
    "Varga",
    "Weiß", "Yılmaz", "Zhang",
  ]
  private static let trades = [
    "Bakery", "Bikes", "Books", "Café", "Ceramics", "Clothing", "Coffee Roasters", "Dance Studio", "Design",
    "Flowers", "Gallery", "Garden Centre", "Hotel", "Joinery", "Photography", "Pottery", "Records",
    "Vineyard",
  ]
  private static let categories = [
    Page.Category(id: "2201", name: "Product/Service"), Page.Category(id: "197871390225897", name: "Café"),
    Page.Category(id: "200600219953504", name: "Shopping & Retail"),
    Page.Category(id: "1757592557789532", name: "Advertising/Marketing"),
    Page.Category(id: "2208", name: "Camera/Photo"), Page.Category(id: "273819889375819", name: "Restaurant"),
  ]
  private static let captions = [
    "Good morning!", "New in this week.", "Made by hand, one at a time.",
    "Thank you all for 10,000 followers ❤️",
    "Behind the scenes.", "See you on Saturday.", "Which one is your favourite?", "Link in bio 👆",
    "Open until six today.", "First light ☀️", "Grateful for this team 🙌🏽", "Bon week-end à tous !",
    "¿Cuál te gusta más?", "Frisch aus dem Ofen.", "عرض خاص هذا الأسبوع", "新商品が入荷しました。",
    "#smallbusiness #handmade",
  ]
}
