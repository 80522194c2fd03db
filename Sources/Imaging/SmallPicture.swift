/// A picture made smaller, and what was seen of the whole one.
///
/// In life: one JPEG of Instagram's, 1080 or 1440 wide and some 300 kB, becomes 320, 640 or 1080 wide, in a process that
/// does nothing else and may die of what it is given.
package struct SmallPicture {
  package enum Kind: String, Sendable { case jpeg, webp }

  /// The longest picture that is read. What Instagram takes is 8 MB.
  package static let mostBytes = 15 << 20

  /// The whole picture's as it is shown.
  package let width, height: Int
  /// The mean of all pixels, `rrggbb`.
  package let color: String
  package let bytes: [UInt8]

  /// - Parameter wanted: how wide; the picture is never made larger than it is.
  package init(of picture: [UInt8], width wanted: Int, as kind: Kind) throws(PictureError) {
    let decoded = try Decoder.decode(picture, shownAtLeast: wanted)
    let turn = decoded.orientation
    (width, height) = turn.isSideways ? (decoded.height, decoded.width) : (decoded.width, decoded.height)
    let smallWidth = min(wanted, width)
    let smallHeight = max(1, (height * smallWidth + width / 2) / width)
    if turn.isSideways {
      try decoded.raster.shrink(toWidth: smallHeight, height: smallWidth)
    } else {
      try decoded.raster.shrink(toWidth: smallWidth, height: smallHeight)
    }
    let shown = turn == .upright ? decoded.raster : try decoded.raster.turned(turn)
    color = shown.meanColor
    let plain = kind == .webp ? try shown.webp(quality: 80) : try shown.jpeg(quality: 82)
    bytes =
      switch (decoded.profile, kind) {
      case (nil, _): plain
      case (let profile?, .jpeg): profile.added(toJPEG: plain)
      case (let profile?, .webp): profile.added(toWebP: plain, width: shown.width, height: shown.height)
      }
  }
}
