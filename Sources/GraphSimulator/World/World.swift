/// Everything Meta knows: the people, Pages, Instagram accounts and tokens that a simulator answers from.
///
/// A value: a server copies it when it starts, and only the states of tokens change afterwards.
package struct World: Sendable {
  /// The id of the app that tokens belong to unless they say otherwise.
  package static let defaultAppID = "138483919580948"

  /// The app: its id, its name and its secret (with which `debug_token` and the exchange are asked).
  package var appID = World.defaultAppID
  /// Shown by `debug_token`.
  package var appName = "Meta Module Demo"
  /// The app secret.
  package var appSecret = "0123456789abcdef0123456789abcdef"
  /// Whether calls without `appsecret_proof` are refused, as an app can be set up.
  package var requiresProof = false
  /// Tokens that exist when the world begins.
  package var tokens: [AccessToken] = []
  /// Authorization codes that can be exchanged once: code, and the label of the token that comes of it.
  package var codes: [String: AuthorizationCode] = [:]

  private var users: [String: User] = [:]
  private var pages: [String: Page] = [:]
  private var businesses: [String: Business] = [:]
  private var accounts: [String: InstagramAccount] = [:]
  private var media: [String: Post] = [:]
  var generated: GeneratedWorld?

  /// An empty world of an app that nobody uses yet.
  package init() {}

  /// Adds a person.
  package mutating func add(_ user: User) { users[user.id] = user }

  /// Adds a Page.
  package mutating func add(_ page: Page) { pages[page.id] = page }

  /// Adds a portfolio.
  package mutating func add(_ business: Business) { businesses[business.id] = business }

  /// Adds an account with its posts and their parts.
  package mutating func add(_ account: InstagramAccount) {
    accounts[account.id] = account
    for post in account.media.all {
      media[post.id] = Post(media: post, account: account)
      for child in post.children {
        media[child.id] = Post(media: child, account: account, isChild: true)
      }
    }
  }

  /// The person of this id.
  package func user(_ id: String) -> User? { users[id] ?? generated?.user(id) }

  /// The Page of this id.
  package func page(_ id: String) -> Page? { pages[id] ?? generated?.page(id) }

  /// The portfolio of this id.
  package func business(_ id: String) -> Business? { businesses[id] }

  /// The Instagram account of this id.
  package func instagramAccount(_ id: String) -> InstagramAccount? {
    accounts[id] ?? generated?.instagramAccount(id)
  }

  /// The post, or the part of an album, of this id, with its account.
  func post(_ id: String) -> Post? { media[id] ?? generated?.post(id) }

  /// Whatever has this id.
  func node(_ id: String) -> Node? {
    if let user = user(id) { return .user(user) }
    if let page = page(id) { return .page(page, role: nil) }
    if let account = instagramAccount(id) { return .instagram(account) }
    if let post = post(id) { return .media(post) }
    if let business = business(id) { return .business(business) }
    return nil
  }
}

/// A code from the login dialog.
package struct AuthorizationCode: Sendable {
  /// The redirect address it was issued for; the exchange must repeat it exactly.
  package var redirectURI: String
  /// The label of the token it is exchanged for.
  package var tokenLabel: String

  /// A code for the token of this label.
  package init(redirectURI: String, tokenLabel: String) {
    self.redirectURI = redirectURI
    self.tokenLabel = tokenLabel
  }
}

/// A post together with whose it is.
struct Post: Sendable {
  var media: Media
  var account: InstagramAccount
  /// A part of an album: it has neither a caption nor counts of its own.
  var isChild = false
}

/// A thing that has an id and fields.
enum Node: Sendable {
  case user(User)
  /// With the role when it is read as a row of somebody's Pages, where it has `tasks`.
  case page(Page, role: Role?)
  case business(Business)
  case instagram(InstagramAccount)
  case media(Post)

  var id: String {
    switch self {
    case .user(let user): user.id
    case .page(let page, _): page.id
    case .business(let business): business.id
    case .instagram(let account): account.id
    case .media(let post): post.media.id
    }
  }

  /// Meta's name of the kind, as its errors tell it.
  var typeName: String {
    switch self {
    case .user: "User"
    case .page: "Page"
    case .business: "Business"
    case .instagram: "IGUser"
    case .media: "IGMedia"
    }
  }
}
