internal import JSON
internal import Store
internal import Text

/// What a feed shows and how (API.md, section 8): kept as JSON in its row, in the words of the contract.
struct FeedSettings: Sendable, Equatable {
  enum Kind: String, CaseIterable { case image, video, reel, album }
  enum Order: String { case newest, oldest, likes }
  enum Ratio: String {
    case square = "1:1"
    case portrait = "4:5"
    case tall = "3:4"

    /// Width and height of a tile.
    var size: (width: Int, height: Int) {
      switch self {
      case .square: (400, 400)
      case .portrait: (320, 400)
      case .tall: (300, 400)
      }
    }
  }
  enum Theme: String { case light, dark, auto }

  static let limits = 1...50
  static let widths = 1...12
  static let gaps = 0...64

  var limit = 12
  var types = Kind.allCases
  var includeAny: [String] = []
  var excludeAny: [String] = []
  var offGridReels = false
  var order = Order.newest
  /// Media ids; a hidden one is not shown although it is pinned.
  var hidden: [String] = []
  var pinned: [String] = []
  var origins: [String] = []
  var columns = 3
  var gap = 8
  var ratio = Ratio.square
  var showsCaptions = false
  var theme = Theme.auto

  init() {}

  var json: JSONObject {
    func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    return [
      "limit": JSONValue(limit), "types": list(types.map(\.rawValue)), "include_any": list(includeAny),
      "exclude_any": list(excludeAny), "off_grid_reels": .bool(offGridReels),
      "order": .string(order.rawValue), "hidden": list(hidden), "pinned": list(pinned),
      "origins": list(origins), "columns": JSONValue(columns), "gap": JSONValue(gap),
      "ratio": .string(ratio.rawValue), "show_captions": .bool(showsCaptions),
      "theme": .string(theme.rawValue),
    ]
  }

  /// Without the origins, which every request needs and which stand beside it.
  var stored: String {
    var json = json
    json["origins"] = nil
    return JSONValue.object(json).serializedText()
  }

  /// Reads what `stored` has written; what is missing, or of a version that knew other words, is as it is without.
  init(_ feed: StoredFeed) {
    origins = feed.origins
    guard let json = try? JSONValue(parsing: feed.settings) else { return }
    func list(_ name: String) -> [String] { (json[name]?.array ?? []).compactMap(\.string) }
    func number(_ name: String, _ range: ClosedRange<Int>) -> Int? {
      json[name]?.int64.map { Int(clamping: $0) }.flatMap { range.contains($0) ? $0 : nil }
    }
    func word<Word: RawRepresentable<String>>(_ name: String) -> Word? {
      json[name]?.string.flatMap(Word.init(rawValue:))
    }
    limit = number("limit", Self.limits) ?? limit
    if json["types"] != nil { types = list("types").compactMap(Kind.init(rawValue:)) }
    (includeAny, excludeAny) = (list("include_any"), list("exclude_any"))
    offGridReels = json["off_grid_reels"]?.bool ?? offGridReels
    order = word("order") ?? order
    (hidden, pinned) = (list("hidden"), list("pinned"))
    columns = number("columns", Self.widths) ?? columns
    gap = number("gap", Self.gaps) ?? gap
    ratio = word("ratio") ?? ratio
    showsCaptions = json["show_captions"]?.bool ?? showsCaptions
    theme = word("theme") ?? theme
  }
}
