/// A person with a Facebook account.
package struct User: Sendable {
  /// The app-scoped id, decimal digits.
  package var id: String
  /// The full name.
  package var name: String
  /// What the picture is.
  package var picture: ProfilePicture
  /// The Pages on which this person has a role.
  package var roles: Rows<Role>
  /// The Business portfolios this person belongs to.
  package var businessIDs: [String]

  /// Whether `/me/accounts` lists every role; known without looking at each of many.
  var rolesAreAllDirect: Bool

  /// A person with these Pages and portfolios.
  package init(
    id: String, name: String, picture: ProfilePicture = .photo, roles: [Role] = [], businessIDs: [String] = []
  ) {
    self.init(
      id: id, name: name, picture: picture, roles: Rows(roles, id: \.pageID), businessIDs: businessIDs)
    rolesAreAllDirect = !roles.contains { $0.onlyThroughBusiness }
  }

  /// A person whose Pages are made when asked for; all of them are listed by `/me/accounts`.
  package init(
    id: String, name: String, picture: ProfilePicture = .photo, roles: Rows<Role>, businessIDs: [String] = []
  ) {
    self.id = id
    self.name = name
    self.picture = picture
    self.roles = roles
    rolesAreAllDirect = true
    self.businessIDs = businessIDs
  }
}

/// The profile picture of a person or a Page.
package enum ProfilePicture: String, Sendable {
  /// A picture of their own.
  case photo
  /// The grey outline Meta shows instead; it has a URL too.
  case silhouette
  /// Graph leaves `picture` out.
  case none
}
