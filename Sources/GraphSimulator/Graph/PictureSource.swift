internal import JSON

/// The picture of a person or a Page in some size.
struct PictureSource {
  let ownerID: String
  let width: Int
  let height: Int
  let isSilhouette: Bool
  let url: String

  /// `nil` for people without any picture; sizes as `width`, `height` and `type` ask for.
  init?(ownerID: String, _ picture: ProfilePicture, base: String, _ cdn: CDN, argument: (String) -> String?) {
    guard picture != .none else { return nil }
    let sizes = ["small": 50, "normal": 100, "album": 50, "large": 200, "square": 50]
    let usual = argument("type").flatMap { sizes[$0] } ?? 50
    let width = argument("width").flatMap { Int($0) }
    let height = argument("height").flatMap { Int($0) }
    self.ownerID = ownerID
    self.width = min(max(width ?? height ?? usual, 1), 2048)
    self.height = min(max(height ?? width ?? usual, 1), 2048)
    isSilhouette = picture == .silhouette
    url = cdn.pictureURL(
      base: base, ownerID: ownerID, width: self.width, height: self.height, isSilhouette: isSilhouette)
  }

  /// The `data` of a picture, keys in Graph's order.
  var json: JSONObject {
    [
      "height": JSONValue(height), "is_silhouette": .bool(isSilhouette), "url": .string(url),
      "width": JSONValue(width),
    ]
  }
}
