/// A Facebook Page.
package struct Page: Sendable {
  /// Decimal digits, 9 to 17 of them.
  package var id: String
  /// Its name, in any script.
  package var name: String
  /// The localised name of the main category.
  package var category: String
  /// Every category.
  package var categories: [Category]
  /// What the picture is.
  package var picture: ProfilePicture
  /// The professional Instagram account linked to it.
  package var instagramID: String?
  /// A Facebook fan count.
  package var fanCount: Int
  /// Whether people without a role see it at all.
  package var isPublished: Bool
  /// The portfolio that owns it; Instagram calls report their usage under this id too.
  package var businessID: String?

  /// One entry of `category_list`.
  package struct Category: Sendable {
    /// Meta's number of the category.
    package var id: String
    /// Its name.
    package var name: String

    /// A category.
    package init(id: String, name: String) {
      self.id = id
      self.name = name
    }
  }

  /// A published Page.
  package init(
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
package struct Business: Sendable {
  /// Decimal digits.
  package var id: String
  /// Its name.
  package var name: String
  /// Pages that belong to the portfolio.
  package var ownedPageIDs: [String]
  /// Pages of others that were shared with it.
  package var clientPageIDs: [String]

  /// A portfolio.
  package init(id: String, name: String, ownedPageIDs: [String] = [], clientPageIDs: [String] = []) {
    self.id = id
    self.name = name
    self.ownedPageIDs = ownedPageIDs
    self.clientPageIDs = clientPageIDs
  }
}
