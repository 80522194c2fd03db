internal import Cache
internal import Store
internal import System
internal import Text

/// Pictures of Instagram's under addresses of ours, which stay when Meta's die.
///
/// In life: an answer with a hundred media asks for four addresses each, and for what is known of their sizes; a visitor of
/// a client's site then fetches some of these, nearly always one that lies ready in the picture folder. The first who
/// wishes for a picture fetches the original, and the first who wishes for a width has it made; everybody else who comes
/// meanwhile gets the original.
struct Pictures {
  let services: Services

  /// What is sent for a wish.
  struct Picture {
    let file: PictureFile
    /// It is the one that was wished for, and not an original that stands in for a while.
    let isFinal: Bool
    /// It lay ready.
    let isHit: Bool
  }

  var folder: PictureFolder { services.rooms.shared.pictureFolder }

  /// Makes and reads our addresses of pictures.
  func addresses() throws(StoreError) -> PictureAddresses {
    PictureAddresses(secret: try services.rooms.readCache().pictureSecret())
  }

  /// Another one as soon as more is known of an account's pictures.
  func factsTag(ofAccount account: String) -> Int64 {
    folder.facts(ofAccount: account).size
  }

  /// What is known of an account's pictures; ask it with `addresses().name(of: medium.id, account: account, source: url)`.
  /// A picture that nobody has wished for yet is not in it.
  func facts(ofAccount account: String) -> [PictureName: PictureFacts] {
    guard FieldRule.graphID.accepts(account) else { return [:] }
    return folder.facts(ofAccount: account).read()
  }

  /// All that is kept of an account's pictures goes, now that nobody shows it.
  func forget(_ account: String) { folder.remove(account: account) }

  /// The same for single media, now that they are hidden.
  func forget(_ media: [String], ofClient clientID: String) throws(StoreError) {
    guard !media.isEmpty,
      case .mapping(let mapping) = try services.store().latestMappingWithInstagram(clientID: clientID),
      let account = mapping.instagramAccountID
    else { return }
    for medium in media { folder.remove(medium: medium, account: account) }
  }

  /// - Parameters:
  ///   - proof: the address's `v`.
  ///   - takesWebP: whether the browser does; else it gets JPEG.
  /// - Throws: `PictureTrouble`, `StoreError`.
  func picture(_ id: String, _ width: String, proof: String, takesWebP: Bool) throws -> Picture {
    guard let width = PictureWidth(rawValue: width), let pictureID = PictureID(id),
      let name = try addresses().name(of: id, width, proof: proof),
      try services.rooms.readCache().isInstagramAccountMapped(name.account)
    else { throw PictureTrouble.unknown }
    let folder = folder
    let form: PictureForm = width == .original ? .original : .made(width, takesWebP ? .webp : .jpeg)
    if let file = folder.open(name, form) { return Picture(file: file, isFinal: true, isHit: true) }

    guard let place = services.rooms.turn.lanes.pictures.tryEnter() else {
      // There may be an original that takes no waiting.
      guard let file = folder.open(name, .original) else { throw PictureTrouble.crowded }
      return Picture(file: file, isFinal: width == .original, isHit: true)
    }
    services.rooms.turn.beginToWait()
    defer { withExtendedLifetime(place) {} }
    let original = try PictureOriginal(services: services, folder: folder).file(name, pictureID)
    if case .made(_, let kind) = form, original.isKept,
      let made = PictureMaking(services: services, folder: folder).file(original.name, width, kind)
    {
      return Picture(file: made, isFinal: original.name == name, isHit: false)
    }
    return Picture(
      file: original.file, isFinal: width == .original && original.isKept && original.name == name,
      isHit: false)
  }
}
