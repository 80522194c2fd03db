package import Text

/// A row of `client_page_mapping`: which Page, and which Instagram account, a client's data comes from.
package struct StoredMapping: Sendable, Equatable {
  /// Unique, never given twice.
  package let id: Int64
  /// The customer's own name for the client.
  package let clientID: String
  /// The Facebook Page.
  package let pageID: String
  /// The Instagram account; `nil`: none.
  package let instagramAccountID: String?
  /// The Page's own token, sealed.
  package let sealedPageToken: String
  /// The user token it came from; `nil` after that token was removed.
  package let tokenID: Int64?
  /// The Page's name, as far as known.
  package let pageName: String?
  /// The Instagram account's name, as far as known.
  package let instagramUsername: String?
  /// When the row was made.
  package let createdAt: Timestamp
  /// When the client was last synced with this Page; a page token that is fetched anew does not count.
  package let updatedAt: Timestamp
}

/// A mapping that is to be stored.
package struct NewMapping: Sendable, Equatable {
  /// The customer's own name for the client.
  package var clientID: String
  /// The Facebook Page.
  package var pageID: String
  /// `nil` stores that there is none.
  package var instagramAccountID: String?
  /// The Page's own token, sealed; not empty.
  package var sealedPageToken: String
  /// The user token it came from.
  package var tokenID: Int64
  /// `nil`: not known; what is stored stays.
  package var pageName: String?
  /// `nil`: not known; what is stored stays, if the Instagram account does.
  package var instagramUsername: String?

  /// A mapping of a client to a Page.
  package init(
    clientID: String, pageID: String, instagramAccountID: String?, sealedPageToken: String, tokenID: Int64,
    pageName: String? = nil, instagramUsername: String? = nil
  ) {
    self.clientID = clientID
    self.pageID = pageID
    self.instagramAccountID = instagramAccountID
    self.sealedPageToken = sealedPageToken
    self.tokenID = tokenID
    self.pageName = pageName
    self.instagramUsername = instagramUsername
  }
}

/// What became of a mapping that was to be stored.
package enum MappingOutcome: Sendable, Equatable {
  /// There was none of this client and Page.
  case created(id: Int64)
  /// There was one; it was changed.
  case updated(id: Int64)
  /// The token was removed in the meantime; nothing was stored.
  case unknownToken
}

/// What a client's Instagram data comes from.
package enum MappingLookup: Sendable, Equatable {
  /// The client has no mapping.
  case none
  /// It has mappings, none of them with an Instagram account.
  case withoutInstagram
  /// The one that was synced last among those with an Instagram account.
  case mapping(StoredMapping)
}
