/// What a person may do on a Page.
package struct Role: Sendable {
  /// Every task there is: the role of an administrator.
  package static let everyTask = [
    "ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE",
  ]

  /// The Page.
  package var pageID: String
  /// The tasks, as `/me/accounts` lists them.
  package var tasks: [String]
  /// Whether the tasks are enough to be given the Page's access token.
  package var givesPageToken: Bool
  /// Whether the role comes only through a Business portfolio, so that `/me/accounts` does not list it.
  package var onlyThroughBusiness: Bool

  /// A role; by default an administrator's.
  package init(
    pageID: String, tasks: [String] = Role.everyTask, givesPageToken: Bool = true,
    onlyThroughBusiness: Bool = false
  ) {
    self.pageID = pageID
    self.tasks = tasks
    self.givesPageToken = givesPageToken
    self.onlyThroughBusiness = onlyThroughBusiness
  }
}
