/// A row of `client_page_mapping`: which Page, and which Instagram account, a client's data comes from.
public struct StoredMapping: Sendable, Equatable {
  /// Unique, never given twice.
  public let id: Int64
  /// The customer's own name for the client.
  public let clientID: String
  /// The Facebook Page.
  public let pageID: String
  /// The Instagram account; `nil`: none.
  public let instagramAccountID: String?
  /// The Page's own token, sealed.
  public let sealedPageToken: String
  /// The user token it came from; `nil` after that token was removed.
  public let tokenID: Int64?
  /// The Page's name, as far as known.
  public let pageName: String?
  /// The Instagram account's name, as far as known.
  public let instagramUsername: String?
  /// When the row was made.
  public let createdAt: Timestamp
  /// When the client was last synced with this Page; a page token that is fetched anew does not count.
  public let updatedAt: Timestamp
}

/// A mapping that is to be stored.
public struct NewMapping: Sendable, Equatable {
  /// The customer's own name for the client.
  public var clientID: String
  /// The Facebook Page.
  public var pageID: String
  /// `nil` stores that there is none.
  public var instagramAccountID: String?
  /// The Page's own token, sealed; not empty.
  public var sealedPageToken: String
  /// The user token it came from.
  public var tokenID: Int64
  /// `nil`: not known; what is stored stays.
  public var pageName: String?
  /// `nil`: not known; what is stored stays, if the Instagram account does.
  public var instagramUsername: String?

  /// A mapping of a client to a Page.
  public init(
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
public enum MappingOutcome: Sendable, Equatable {
  /// There was none of this client and Page.
  case created(id: Int64)
  /// There was one; it was changed.
  case updated(id: Int64)
  /// The token was removed in the meantime; nothing was stored.
  case unknownToken
}

/// What a client's Instagram data comes from.
public enum MappingLookup: Sendable, Equatable {
  /// The client has no mapping.
  case none
  /// It has mappings, none of them with an Instagram account.
  case withoutInstagram
  /// The one that was synced last among those with an Instagram account.
  case mapping(StoredMapping)
}
