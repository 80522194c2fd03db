internal import Cryptography
internal import Text

/// In which width a picture is asked for; never enlarged.
enum PictureWidth: String, CaseIterable, Sendable {
  case small = "320"
  case medium = "640"
  case large = "1080"
  /// As Meta has it.
  case original = "orig"

  /// `nil`: as it is.
  var pixels: Int? { Int(rawValue) }
}

/// One picture of an account, as the words of our address for it say: whose, which, and its proof.
struct PictureName: Hashable, Sendable {
  let account: String
  /// `<medium>`, `<album>-<n>` for its nth child, `<account>-profile`.
  let id: String
  /// The beginning of the digest of Meta's path: signed anew the picture is the same, another path is another picture.
  let digest: String
}

/// Gives the pictures of one account their addresses here, and reads them back.
///
/// `/media/<id>/<width>/?v=<proof>`, below the mount point: Meta's addresses die within days, ours never. The proof says
/// which account and which picture, under a seal over these, the id and the width. So an address can be given out but not
/// guessed, no foreign one ever stands in it, and it tells by itself whether it is one of ours: nothing is looked up, and
/// nothing fetched, for one that is not.
///
/// Cheap: two digests of a few bytes each.
struct PictureAddresses: Sendable {
  private static let digestBytes = 9
  private static let sealBytes = 15

  private let secret: [UInt8]

  init(secret: [UInt8]) { self.secret = secret }

  func path(of name: PictureName, _ width: PictureWidth) -> String {
    let proof = Base64URL.encode(Self.bytes(name) + seal(name, width), padded: false)
    return "/media/\(name.id)/\(width.rawValue)/?v=\(name.account).\(proof)"
  }

  /// What a picture is called here.
  ///
  /// - Parameters:
  ///   - id: the medium's, `<album>-<n>` (the first child is 1), or `<account>-profile`.
  ///   - source: Meta's address of the picture, as Graph gave it.
  /// - Returns: `nil` for an id or an account that is none.
  func name(of id: String, account: String, source: String) -> PictureName? {
    guard PictureID(id) != nil, FieldRule.graphID.accepts(account) else { return nil }
    return PictureName(account: account, id: id, digest: Self.digest(of: source))
  }

  static func digest(of source: String) -> String {
    Base64URL.encode(Array(SHA256.digest(path(of: source)).prefix(digestBytes)), padded: false)
  }

  /// The picture that an address means; `nil` for one that we have not made.
  func name(of id: String, _ width: PictureWidth, proof: String) -> PictureName? {
    let parts = proof.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, FieldRule.graphID.accepts(parts[0]),
      let bytes = Base64URL.decode(parts[1], padded: false), bytes.count == Self.digestBytes + Self.sealBytes
    else { return nil }
    let digest = Base64URL.encode(Array(bytes[..<Self.digestBytes]), padded: false)
    let name = PictureName(account: parts[0], id: id, digest: digest)
    return equalInConstantTime(Array(bytes[Self.digestBytes...]), seal(name, width)) ? name : nil
  }

  private func seal(_ name: PictureName, _ width: PictureWidth) -> [UInt8] {
    // None of the parts holds a blank.
    let message = "\(name.account) \(name.id) \(name.digest) \(width.rawValue)"
    return Array(HMAC.sha256(key: secret, message: Array(message.utf8)).prefix(Self.sealBytes))
  }

  private static func bytes(_ name: PictureName) -> [UInt8] {
    Base64URL.decode(name.digest, padded: false) ?? []
  }

  /// Meta's path without scheme, host and query: those change with every signature.
  private static func path(of source: String) -> [UInt8] {
    var rest = Array(source.utf8)[...]
    if let colon = rest.firstIndex(of: UInt8(ascii: ":")), rest[colon...].starts(with: "://".utf8) {
      rest = rest[(colon + 3)...].drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
    }
    return Array(rest.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
  }
}

/// What a picture belongs to.
enum PictureID: Equatable {
  case medium(String)
  /// The first is 1.
  case child(of: String, Int)
  case profile(account: String)

  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard let id = parts.first, FieldRule.postID.accepts(id), parts.count <= 2 else { return nil }
    guard parts.count == 2 else {
      self = .medium(id)
      return
    }
    if parts[1] == "profile", FieldRule.graphID.accepts(id) {
      self = .profile(account: id)
    } else if let number = Int(parts[1]), (1...99).contains(number), String(number) == parts[1] {
      self = .child(of: id, number)
    } else {
      return nil
    }
  }
}
