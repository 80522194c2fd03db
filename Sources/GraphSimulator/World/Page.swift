/// A Facebook Page.
public struct Page: Sendable {
  /// Decimal digits, 9 to 17 of them.
  public var id: String
  /// Its name, in any script.
  public var name: String
  /// The localised name of the main category.
  public var category: String
  /// Every category.
  public var categories: [Category]
  /// What the picture is.
  public var picture: ProfilePicture
  /// The professional Instagram account linked to it.
  public var instagramID: String?
  /// A Facebook fan count.
  public var fanCount: Int
  /// Whether people without a role see it at all.
  public var isPublished: Bool
  /// The portfolio that owns it; Instagram calls report their usage under this id too.
  public var businessID: String?

  /// One entry of `category_list`.
  public struct Category: Sendable {
    /// Meta's number of the category.
    public var id: String
    /// Its name.
    public var name: String

    /// A category.
    public init(id: String, name: String) {
      self.id = id
      self.name = name
    }
  }

  /// A published Page.
  public init(
    id: String, name: String, category: Category = Category(id: "2201", name: "Product/Service"),
    picture: ProfilePicture = .photo, instagramID: String? = nil, fanCount: Int = 0, isPublished: Bool = true,
    businessID: String? = nil
  ) {
    self.id = id
    self.name = name
    self.category = category.name
    self.categories = [category]
    self.picture = picture
    self.instagramID = instagramID
    self.fanCount = fanCount
    self.isPublished = isPublished
    self.businessID = businessID
  }
}

/// A Business portfolio, through which people reach Pages that `/me/accounts` does not list.
public struct Business: Sendable {
  /// Decimal digits.
  public var id: String
  /// Its name.
  public var name: String
  /// Pages that belong to the portfolio.
  public var ownedPageIDs: [String]
  /// Pages of others that were shared with it.
  public var clientPageIDs: [String]

  /// A portfolio.
  public init(id: String, name: String, ownedPageIDs: [String] = [], clientPageIDs: [String] = []) {
    self.id = id
    self.name = name
    self.ownedPageIDs = ownedPageIDs
    self.clientPageIDs = clientPageIDs
  }
}
