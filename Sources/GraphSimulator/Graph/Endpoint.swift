/// What a call is about; how faults choose calls and the log counts them.
package enum Endpoint: String, Sendable, CaseIterable {
  /// `/me`
  case me
  /// `/{user-id}`
  case user
  /// `/me/accounts`, `/{user-id}/accounts`
  case accounts
  /// `/me/businesses`
  case businesses
  /// `/{business-id}/owned_pages`
  case ownedPages = "owned_pages"
  /// `/{business-id}/client_pages`
  case clientPages = "client_pages"
  /// `/me/permissions`
  case permissions
  /// `/{business-id}`
  case business
  /// `/{page-id}`
  case page
  /// The content of a Page: `/{page-id}/posts` and so on.
  case content
  /// `/{ig-user-id}`
  case instagram
  /// `/{ig-user-id}/media`
  case media
  /// `/{ig-media-id}`
  case post
  /// `/{ig-media-id}/children`
  case children
  /// `/{id}/picture`
  case picture
  /// `/debug_token`
  case debugToken = "debug_token"
  /// `/oauth/access_token`
  case oauth
  /// `POST /`
  case batch
  /// An image or a video.
  case cdn
  /// Everything else.
  case unknown
}
