internal import Cache
internal import Cryptography
internal import Glibc
internal import System
internal import Text

/// Has a width of a picture made, by one maker however many want it.
struct PictureMaking {
  let services: Services
  let folder: PictureFolder

  /// - Returns: `nil` while somebody else makes it, and where it cannot be made: the original stands in.
  func file(_ name: PictureName, _ width: PictureWidth, _ kind: PictureKind) -> PictureFile? {
    let form = PictureForm.made(width, kind)
    if let file = folder.open(name, form) { return file }
    guard let pixels = width.pixels, let program = services.configuration.pictureProgram,
      let cache = services.cache,
      let key = CacheKey("picture_\(name.account)_\(name.id)_\(name.digest)_\(form.suffix)")
    else { return nil }
    switch cache.beginFlight(key, now: .now, waitAtMost: .zero) {
    case .leader(let flight):
      // It may have been made since we looked.
      if let file = folder.open(name, form) { return file }
      let (made, rest) = make(name, pixels, kind, form, PictureMaker(program: program, folder: folder))
      // What could not be made is not tried again for a while. What was made lies in the folder.
      if rest > 0 {
        _ = try? flight.land([], etag: "\"-\"", now: .now, freshFor: rest, staleFor: rest)
      }
      return made
    default: return nil
    }
  }

  /// - Returns: the picture, and for how many seconds nobody tries again.
  private func make(
    _ name: PictureName, _ pixels: Int, _ kind: PictureKind, _ form: PictureForm, _ maker: PictureMaker
  ) -> (PictureFile?, rest: Int64) {
    guard let original = folder.openForReading(name, .original) else { return (nil, 0) }
    let made: PictureMaker.Made
    do throws(PictureMaker.Failure) { made = try maker.make(of: original, pixels, kind) } catch {
      switch error {
      case .unusable: return (nil, 86400)
      case .busy: return (nil, 0)
      case .failed(let what):
        services.rooms.warnOnceAMinute("meta-image made no picture, so the original is served: \(what).")
        return (nil, 60)
      }
    }
    do throws(SystemError) {
      let head = PictureHead(
        kind: kind, etag: "\"\(SHA256.hex(made.bytes).prefix(32))\"", count: made.bytes.count)
      let torso = try folder.begin(name)
      try torso.file.write(made.bytes)
      let file = try folder.publish(torso, head, as: name, form)
      // Each line is another tag of what feeds are made of, and each making of a picture tells the same.
      let facts = folder.facts(ofAccount: name.account)
      if facts.read()[name] == nil { facts.add(made.facts, of: name) }
      return (file, 0)
    } catch {
      services.rooms.warnOnceAMinute("A picture cannot be kept, so the original is served: \(error).")
      return (nil, 10)
    }
  }
}
