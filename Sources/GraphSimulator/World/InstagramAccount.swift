/// A professional Instagram account, linked to a Page.
package struct InstagramAccount: Sendable {
  /// `1784…`, 17 digits.
  package var id: String
  /// The Page it is linked to.
  package var pageID: String
  /// The handle.
  package var username: String
  /// Absent when empty, as are the next two.
  package var name: String?
  /// The text below the name.
  package var biography: String?
  /// The link below the text.
  package var website: String?
  /// Without one, `profile_picture_url` is left out.
  package var hasPicture: Bool
  /// Followers.
  package var followers: Int
  /// Accounts followed.
  package var follows: Int
  /// The number Instagram states; more than what the API lists when there are stories or very old posts.
  package var mediaCount: Int
  /// Posts, newest first.
  package var media: Rows<Media>

  /// An account with these posts.
  package init(
    id: String, pageID: String, username: String, name: String? = nil, biography: String? = nil,
    website: String? = nil, hasPicture: Bool = true, followers: Int = 0, follows: Int = 0,
    mediaCount: Int? = nil, media: [Media] = []
  ) {
    self.init(
      id: id, pageID: pageID, username: username, name: name, biography: biography, website: website,
      hasPicture: hasPicture, followers: followers, follows: follows, mediaCount: mediaCount,
      rows: Rows(media, id: \.id))
  }

  /// An account whose posts are made when asked for.
  package init(
    id: String, pageID: String, username: String, name: String? = nil, biography: String? = nil,
    website: String? = nil, hasPicture: Bool = true, followers: Int = 0, follows: Int = 0,
    mediaCount: Int? = nil, rows: Rows<Media>
  ) {
    self.id = id
    self.pageID = pageID
    self.username = username
    self.name = name
    self.biography = biography
    self.website = website
    self.hasPicture = hasPicture
    self.followers = followers
    self.follows = follows
    self.mediaCount = mediaCount ?? rows.count
    self.media = rows
  }
}
