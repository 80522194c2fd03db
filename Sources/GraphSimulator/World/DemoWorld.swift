extension World {
  /// Five people with friendly names, their Pages and Instagram accounts, and a token in every state.
  ///
  /// The ids of John Doe, his Pages, his Instagram account and its two newest posts are those of the API's
  /// documentation, whose example calls work here as they are printed, example token included.
  package static let demo: World = {
    var world = World()
    world.addJohn()
    world.addMaria()
    world.addYusuf()
    world.addClients()
    world.addDemoTokens()
    return world
  }()

  private mutating func addJohn() {
    let photography = Page.Category(id: "181475575221097", name: "Photographer")
    add(
      User(
        id: "123456789", name: "John Doe",
        roles: [Role(pageID: "104567890123"), Role(pageID: "987654321098")]))
    add(
      Page(
        id: "104567890123", name: "My Business Page", instagramID: "17841405822348523", fanCount: 6210,
        businessID: "651551841371924"))
    add(Page(id: "987654321098", name: "Another Page", category: photography, fanCount: 118))
    add(
      InstagramAccount(
        id: "17841405822348523", pageID: "104567890123", username: "mybusinessaccount",
        name: "My Business", biography: "Everything for the desk, made to last.",
        website: "https://example.com/",
        followers: 5432, follows: 234, mediaCount: 87, media: DemoMedia.john))
  }

  private mutating func addMaria() {
    let cafe = Page.Category(id: "197871390225897", name: "Café")
    add(
      User(
        id: "122093847561029384", name: "Maria Lindqvist",
        roles: [
          Role(pageID: "112233445566778"), Role(pageID: "112233445566779"),
          Role(pageID: "112233445566780", onlyThroughBusiness: true),
          Role(
            pageID: "112233445566781", tasks: ["ANALYZE"], givesPageToken: false, onlyThroughBusiness: true),
        ], businessIDs: ["645699291956344"]))
    add(
      Page(
        id: "112233445566778", name: "Café Lindqvist", category: cafe, instagramID: "17841472020051826",
        fanCount: 2874, businessID: "645699291956344"))
    add(Page(id: "112233445566779", name: "Lindqvist Catering", category: cafe, picture: .silhouette))
    add(
      Page(
        id: "112233445566780", name: "Lindqvist Bageri & Konditori", category: cafe,
        instagramID: "17841472020051833", fanCount: 941, businessID: "645699291956344"))
    add(Page(id: "112233445566781", name: "Södermalm Market Hall", fanCount: 15_300))
    add(
      Business(
        id: "645699291956344", name: "Lindqvist Group AB",
        ownedPageIDs: ["112233445566778", "112233445566780"], clientPageIDs: ["112233445566781"]))
    add(
      InstagramAccount(
        id: "17841472020051826", pageID: "112233445566778", username: "cafelindqvist",
        name: "Café Lindqvist ☕️",
        biography: "Kaffe, bullar & jazz 🎷", followers: 18_904, follows: 612, media: DemoMedia.maria))
    add(
      InstagramAccount(
        id: "17841472020051833", pageID: "112233445566780", username: "lindqvistbageri", followers: 77,
        follows: 3))
  }

  private mutating func addYusuf() {
    add(
      User(
        id: "122104958672130495", name: "Yusuf Haddad", picture: .none,
        roles: [
          Role(pageID: "113344556677889"), Role(pageID: "113344556677890"),
          Role(pageID: "113344556677891", tasks: ["ANALYZE", "ADVERTISE"], givesPageToken: false),
        ]))
    add(
      Page(
        id: "113344556677889", name: "بيت الزيتون · Olive House", instagramID: "17841403243590103",
        fanCount: 40_112))
    add(Page(id: "113344556677890", name: "Haddad Print Studio", instagramID: "17841403243590117"))
    add(Page(id: "113344556677891", name: "Old Town Traders", picture: .none, fanCount: 12))
    add(
      InstagramAccount(
        id: "17841403243590103", pageID: "113344556677889", username: "olivehouse", name: "بيت الزيتون",
        followers: 120_345, follows: 89, media: DemoMedia.yusuf))
    // No name, no picture, nothing posted yet: every optional field is absent.
    add(
      InstagramAccount(
        id: "17841403243590117", pageID: "113344556677890", username: "haddad.print", hasPicture: false,
        followers: 4, follows: 19))
  }
}
