/// Two people more, whose Pages make the demo's admin page look like an agency's: nine clients with pictures.
extension World {
  private struct Shop {
    let name: String
    let username: String
    let followers: Int
    let biography: String
    let captions: [String]
  }

  mutating func addClients() {
    add("Nora Brandt", id: "122111740382915567", pagesFrom: 0, Self.noras)
    add("Ines Duarte", id: "122118263047719804", pagesFrom: 7, Self.ineses)
  }

  /// A person with a Page and an Instagram account for each shop.
  private mutating func add(_ name: String, id: String, pagesFrom first: Int, _ shops: [Shop]) {
    func page(_ index: Int) -> String { "11440000550\(1_040 + first + index)" }
    add(User(id: id, name: name, roles: shops.indices.map { Role(pageID: page($0)) }))
    for (index, shop) in shops.enumerated() {
      let account = "1784147300660\(2_110 + 7 * (first + index))"
      add(Page(id: page(index), name: shop.name, instagramID: account, fanCount: shop.followers / 3))
      add(
        InstagramAccount(
          id: account, pageID: page(index), username: shop.username, name: shop.name,
          biography: shop.biography, followers: shop.followers, follows: 120 + 31 * index,
          media: posts(of: shop, number: first + index)))
    }
  }

  private func posts(of shop: Shop, number: Int) -> [Media] {
    var noise = Noise(shop.username)
    return (0..<30).map { index in
      var post = Media(
        id: "18\(30 + number)\(1_000_000_000_000 + index * 8_765_432_109)",
        caption: shop.captions[index % shop.captions.count],
        time: GraphTime.time(2026, 11, 24, 8 + number) - index * 130_000 - noise.below(60_000),
        likes: 20 + noise.below(shop.followers / 20), comments: noise.below(60))
      if index % 7 == 3 { post.type = "VIDEO" }
      if index % 5 == 2 { post.makeAlbum(parts: 3) }
      return post
    }
  }

  private static let noras = [
    Shop(
      name: "Harbour Books", username: "harbour.books", followers: 8_214,
      biography: "New and old, by the water.",
      captions: [
        "The window for November.", "Signed copies are in.", "Read aloud, Saturdays at ten.",
        "Found in a box of maps.",
      ]),
    Shop(
      name: "Kiln & Clay", username: "kilnandclay", followers: 15_907, biography: "Stoneware, thrown slowly.",
      captions: [
        "Out of the kiln this morning.", "Glaze test no. 41.", "Cups for two.", "The wheel never lies.",
      ]),
    Shop(
      name: "Atlas Hotel", username: "atlashotel", followers: 31_480,
      biography: "Forty rooms, one roof terrace.",
      captions: [
        "Breakfast until noon.", "Room 31, the corner one.", "The terrace opens in April.", "Blue hour.",
      ]),
    Shop(
      name: "Linen & Co", username: "linenandco", followers: 5_366, biography: "Woven in the north.",
      captions: ["Washed, not ironed.", "Natural, again.", "Cut from one piece.", "Drying on the line."]),
    Shop(
      name: "Studio Nine", username: "studio.nine", followers: 2_740,
      biography: "Light, lenses, nine chairs.",
      captions: ["Behind the backdrop.", "Film is back.", "Portrait day.", "One lamp is enough."]),
    Shop(
      name: "Greenroom Plants", username: "greenroom.plants", followers: 11_052,
      biography: "They want less water.",
      captions: ["New leaves.", "Repotting Sunday.", "This one likes the dark.", "Root check."]),
    Shop(
      name: "Velo Nord", username: "velonord", followers: 6_698, biography: "Steel frames, built to order.",
      captions: ["Frame 212 is ready.", "Truing by ear.", "First snow, first ride.", "Brass and lugs."]),
  ]
  private static let ineses = [
    Shop(
      name: "Casa Duarte", username: "casaduarte", followers: 9_415, biography: "Azulejos e café.",
      captions: ["Bom dia.", "Pastéis, ainda quentes.", "A parede nova.", "Fechado à segunda."]),
    Shop(
      name: "Mar Salgado", username: "marsalgado", followers: 3_208, biography: "Peixe do dia.",
      captions: ["O que o mar deu.", "Grelhado, com limão.", "Mesa 4, vista mar."]),
  ]
}
