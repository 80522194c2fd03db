internal import Graph
internal import JSON
internal import Text

/// An address of Meta's that a picture may be fetched from; whatever else Graph says is none.
struct PictureSource: Equatable, Sendable {
  let url: String
  /// The Graph of a demo or a test, on this machine.
  let isOnThisMachine: Bool

  private static let domains = [".cdninstagram.com", ".fbcdn.net", ".fbsbx.com"]

  /// - Parameter graphURL: where Graph is asked. On a loopback address it is a simulator, whose pictures are exactly there.
  init?(_ url: String, graphURL: String) {
    let bytes = Array(url.utf8)
    guard bytes.count <= 8192,
      bytes.allSatisfy({ (0x21...0x7E).contains($0) && !"#\\\"<>".utf8.contains($0) })
    else { return nil }
    self.url = url
    if GraphAddress.isLoopback(graphURL) {
      let origin = GraphAddress.origin(of: graphURL).utf8
      if bytes.starts(with: origin), bytes.dropFirst(origin.count).first == UInt8(ascii: "/") {
        isOnThisMachine = true
        return
      }
    }
    guard Self.isMeta(bytes) else { return nil }
    isOnThisMachine = false
  }

  /// `https`, the usual port, a name below one of Meta's domains: letters, digits and hyphens between single dots, so that
  /// no user name, no address in digits, no dot at the end and no other script's letters can stand in it.
  private static func isMeta(_ bytes: [UInt8]) -> Bool {
    guard bytes.starts(with: "https://".utf8) else { return false }
    var host = bytes.dropFirst(8).prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
    guard bytes.dropFirst(8 + host.count).first == UInt8(ascii: "/") else { return false }
    if host.suffix(4).elementsEqual(":443".utf8) { host = host.dropLast(4) }
    guard host.count <= 253, FeedOrigin.areLabels(host) else { return false }
    let name = host.map(\.lowercased)
    return domains.contains {
      name.count > $0.utf8.count && name.suffix($0.utf8.count).elementsEqual($0.utf8)
    }
  }
}

/// Which of Meta's addresses show a picture of what.
extension PictureID {
  /// The account's or the medium's own part of the path at Graph.
  var graphID: String {
    switch self {
    case .medium(let id), .child(of: let id, _), .profile(account: let id): id
    }
  }

  /// The fields that Graph is asked for.
  var fields: String {
    switch self {
    case .profile: "profile_picture_url"
    case .medium, .child: "media_type,media_url,thumbnail_url,children{media_type,media_url,thumbnail_url}"
    }
  }

  /// The addresses in what Graph says of the medium or the account, the one that is usually shown first.
  func sources(in value: JSONValue) -> [String] {
    switch self {
    case .profile: return [value["profile_picture_url"]?.string].compactMap(\.self)
    case .medium:
      let first = Self.children(of: value).first.flatMap(Self.picture)
      return [
        Self.picture(of: value) ?? first, value["media_url"]?.string, value["thumbnail_url"]?.string, first,
      ]
      .compactMap(\.self)
    case .child(_, let number):
      let children = Self.children(of: value)
      return number <= children.count ? [Self.picture(of: children[number - 1])].compactMap(\.self) : []
    }
  }

  /// The same in an answer of ours with a whole grid, or in the window, whose children are a plain list.
  func sources(inGrid grid: JSONValue) -> [String] {
    if case .profile = self { return grid["profile"].map(sources(in:)) ?? [] }
    let medium = grid["media"]?.array?.first { $0["id"]?.string?.isSameBytes(as: graphID) == true }
    return medium.map(sources(in:)) ?? []
  }

  /// A film's poster, and of all else the picture itself.
  static func picture(of medium: JSONValue) -> String? {
    let poster = medium["thumbnail_url"]?.string
    return medium["media_type"]?.string == "VIDEO" ? poster : medium["media_url"]?.string ?? poster
  }

  private static func children(of medium: JSONValue) -> [JSONValue] {
    guard let children = medium["children"] else { return [] }
    return children.array ?? children["data"]?.array ?? []
  }
}
