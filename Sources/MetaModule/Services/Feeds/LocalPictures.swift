internal import JSON
internal import Store

/// Our addresses of an account's pictures, and what is known of these, for an answer in the making.
struct LocalPictures {
  private let addresses: PictureAddresses
  private let facts: [PictureName: PictureFacts]
  private let account: String
  /// What stands in front of the addresses: the mount point, with the host where it is known.
  private let base: String

  /// - Parameter withFacts: sizes and colours, too.
  init(_ services: Services, account: String, base: String, withFacts: Bool = true) throws(StoreError) {
    addresses = try services.pictures.addresses()
    facts = withFacts ? services.pictures.facts(ofAccount: account) : [:]
    (self.account, self.base) = (account, base)
  }

  struct Picture {
    let facts: PictureFacts?
    fileprivate let addresses: PictureAddresses
    fileprivate let name: PictureName
    fileprivate let base: String

    func address(_ width: PictureWidth) -> String { base + addresses.path(of: name, width) }
  }

  /// - Parameter id: the medium's, `<album>-<n>`, or `<account>-profile`.
  func picture(_ id: String, source: String?) -> Picture? {
    guard let source, let name = addresses.name(of: id, account: account, source: source) else { return nil }
    return Picture(facts: facts[name], addresses: addresses, name: name, base: base)
  }

  var profileID: String { "\(account)-profile" }

  func profile(_ profile: JSONObject) -> Picture? {
    picture(profileID, source: profile["profile_picture_url"]?.string)
  }

  /// What a medium shows: of a film its still. An album without a picture of its own shows the first that it has.
  func picture(of medium: JSONObject) -> Picture? {
    guard let id = medium["id"]?.string else { return nil }
    if let own = picture(id, source: PictureID.picture(of: .object(medium))) { return own }
    let children = medium["children"]?.array ?? []
    return children.indices.lazy.compactMap { child($0, of: id, children[$0]) }.first
  }

  func child(_ place: Int, of id: String, _ child: JSONValue) -> Picture? {
    picture("\(id)-\(place + 1)", source: PictureID.picture(of: child))
  }

  /// The medium with our addresses in the place of Meta's, as it is but for those. A film's own address stays.
  func localized(_ medium: JSONObject) -> JSONObject {
    var local = medium
    let id = medium["id"]?.string ?? ""
    Self.localize(&local, picture(id, source: PictureID.picture(of: .object(medium))))
    if let children = medium["children"]?.array {
      local["children"] = .array(
        children.enumerated().map { place, child in
          guard var part = child.object else { return child }
          Self.localize(&part, self.child(place, of: id, child))
          return .object(part)
        })
    }
    return local
  }

  private static func localize(_ medium: inout JSONObject, _ picture: Picture?) {
    guard let address = picture?.address(.original) else { return }
    let names = medium["media_type"]?.string == "VIDEO" ? ["thumbnail_url"] : ["media_url", "thumbnail_url"]
    for name in names where medium[name]?.string != nil { medium[name] = .string(address) }
  }
}
