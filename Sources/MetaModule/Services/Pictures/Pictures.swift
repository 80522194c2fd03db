internal import Store
internal import Text

/// Pictures of Instagram's under addresses of ours, which stay when Meta's die.
///
/// In life: an answer with a hundred media asks for four addresses each, and for what is known of their sizes; a visitor of
/// a client's site then fetches some of these, nearly always one that lies ready in the picture folder.
struct Pictures {
  let services: Services

  /// Makes and reads our addresses of pictures: `addresses().path(of: medium.id, .small, account: account, source: url)`.
  func addresses() throws(StoreError) -> PictureAddresses {
    PictureAddresses(secret: try services.rooms.readCache().pictureSecret())
  }

  /// Another one as soon as more is known of an account's pictures.
  func factsTag(ofAccount account: String) -> Int64 {
    PictureFolder(services.configuration).facts(ofAccount: account).size
  }

  /// What is known of an account's pictures; ask it with `addresses().name(of: medium.id, account: account, source: url)`.
  /// A picture that nobody has wished for yet is not in it.
  func facts(ofAccount account: String) -> [PictureName: PictureFacts] {
    guard FieldRule.graphID.accepts(account) else { return [:] }
    return PictureFolder(services.configuration).facts(ofAccount: account).read()
  }
}
