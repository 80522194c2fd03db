internal import Cache
internal import Cryptography
internal import Glibc
internal import Graph
internal import HTTPClient
internal import JSON
internal import Store
internal import System
internal import Text

/// Brings an original from Meta, by one fetch however many want it, in whichever threads and processes.
struct PictureOriginal {
  struct Found {
    let file: PictureFile
    /// What the picture is called that Graph has for this id now: usually the name that was asked for.
    let name: PictureName
    /// It lies in the folder.
    let isKept: Bool
  }

  let services: Services
  let folder: PictureFolder

  func file(_ name: PictureName, _ id: PictureID) throws -> Found {
    if let file = folder.open(name, .original) { return Found(file: file, name: name, isKept: true) }
    guard let cache = services.cache, let key = CacheKey("picture_\(name.account)_\(name.id)_\(name.digest)")
    else {
      return try fetch(name, id)
    }
    let patience = PictureFetcher.longest + .seconds(services.configuration.requestBudget)
    switch cache.beginFlight(key, now: .now, waitAtMost: patience) {
    case .leader(let flight):
      if let file = folder.open(name, .original) { return Found(file: file, name: name, isKept: true) }
      do {
        let found = try fetch(name, id)
        // Only to those who wait now; later ones look into the folder.
        _ = try? flight.land(
          Array(found.name.digest.utf8), etag: "\"-\"", now: .now, freshFor: 10, staleFor: 10)
        return found
      } catch let trouble as PictureTrouble where trouble.rest > 0 {
        _ = try? flight.land(
          Array(trouble.rawValue.utf8), etag: "\"-\"", now: .now, freshFor: trouble.rest,
          staleFor: trouble.rest)
        throw trouble
      }
    case .landed(let entry):
      let word = String(decoding: entry.body, as: UTF8.self)
      if let trouble = PictureTrouble(rawValue: word) { throw trouble }
      let found = PictureName(account: name.account, id: name.id, digest: word)
      if let file = folder.open(found, .original) { return Found(file: file, name: found, isKept: true) }
      // It was not kept, or is gone again.
      return try fetch(name, id)
    case .failed: return try fetch(name, id)
    case .unavailable: return try fetch(name, id)
    case .timedOut: throw PictureTrouble.timedOut
    }
  }

  // MARK: - Where it is

  /// Meta's address: what lies in the cache of what Graph gave; where that is nothing, or is dead, Graph is asked once.
  private func fetch(_ name: PictureName, _ id: PictureID) throws -> Found {
    let deadline = ContinuousClock.now + PictureFetcher.longest
    if let source = known(name, id) {
      do { return try fetch(source, name, until: deadline) } catch PictureTrouble.gone {}
    }
    return try fetch(asked(name, id), name, until: deadline)
  }

  private func known(_ name: PictureName, _ id: PictureID) -> String? {
    for part in [GridPart.window, .grid] {
      guard let cache = services.cache, let key = part.key(name.account),
        let entry = cache.read(key, now: services.now, keeping: false),
        let grid = try? JSONValue(parsing: entry.body)
      else { continue }
      if let source = pick(id.sources(inGrid: grid), name, isAnyRight: false) { return source }
    }
    return nil
  }

  /// The picture that was asked for; or, where Graph is the one who says so, another one that has taken its place.
  private func pick(_ sources: [String], _ name: PictureName, isAnyRight: Bool) -> String? {
    let same = sources.first { PictureAddresses.digest(of: $0) == name.digest }
    return same ?? (isAnyRight ? sources.first : nil)
  }

  private func asked(_ name: PictureName, _ id: PictureID) throws -> String {
    guard let mapping = try services.store().mappings(instagramAccountID: name.account).first else {
      throw PictureTrouble.unknown
    }
    do {
      try services.prepareToAskGraph()
      let value = try services.askAsPage(
        of: mapping, id.graphID, [("fields", id.fields)], within: services.budget(retries: false))
      guard let source = pick(id.sources(in: value), name, isAnyRight: true) else {
        throw PictureTrouble.gone
      }
      return source
    } catch let failure as GraphFailure {
      throw PictureTrouble(failure)
    } catch Refusal.undecryptable { throw PictureTrouble.failed }
  }

  // MARK: - Fetching it

  private func fetch(
    _ source: String, _ wanted: PictureName, until deadline: ContinuousClock.Instant
  ) throws -> Found {
    guard let address = PictureSource(source, graphURL: services.configuration.graphURL) else {
      throw PictureTrouble.refused
    }
    let name = PictureName(
      account: wanted.account, id: wanted.id, digest: PictureAddresses.digest(of: source))
    do {
      return try keep(address, name, until: deadline)
    } catch let error as SystemError {
      services.rooms.warnOnceAMinute("Pictures cannot be kept, so each is passed on as it comes: \(error).")
    }
    do {
      let torso = try PictureTorso.nowhere()
      let head = try fill(torso, address, until: deadline)
      return try passedOn(torso, head, name)
    } catch is SystemError { throw PictureTrouble.failed }
  }

  /// - Throws: `PictureTrouble`; `SystemError` where the folder takes nothing.
  private func keep(
    _ source: PictureSource, _ name: PictureName, until deadline: ContinuousClock.Instant
  ) throws -> Found {
    let torso = try folder.begin(name)
    let head = try fill(torso, source, until: deadline)
    guard
      head.kind.isWhole(firstBytes: torso.firstBytes, lastBytes: torso.lastBytes, count: head.count)
    else {
      services.rooms.warnOnceAMinute("Meta sent a picture without its end, so it is passed on and not kept.")
      return try passedOn(torso, head, name)
    }
    let file = try folder.publish(torso, head, as: name, .original)
    forgetIfUnmapped(name.account)
    return Found(file: file, name: name, isKept: true)
  }

  private func passedOn(
    _ torso: consuming PictureTorso, _ head: PictureHead, _ name: PictureName
  ) throws(SystemError) -> Found {
    let content = try torso.surrender(count: head.count)
    return Found(
      file: PictureFile(kind: head.kind, etag: head.etag, content: content), name: name, isKept: false)
  }

  /// - Throws: `PictureTrouble`; `SystemError` where there is no room for it.
  private func fill(
    _ torso: borrowing PictureTorso, _ source: PictureSource, until deadline: ContinuousClock.Instant
  ) throws -> PictureHead {
    let left = ContinuousClock.now.duration(to: deadline)
    guard left > .zero else { throw PictureTrouble.timedOut }
    let status: Int
    do throws(TransferError) {
      status = try services.rooms.pictureFetcher.fetch(source, into: torso.file.number, timeout: left)
    } catch {
      if case .notTaken(let code) = error { throw SystemError(code: code) }
      throw PictureTrouble(error)
    }
    guard status == 200 else {
      // 403 "URL signature expired" is what a dead address says.
      throw [403, 404, 410].contains(status) ? PictureTrouble.gone : .failed
    }
    let count = torso.count
    guard let kind = PictureKind(firstBytes: torso.firstBytes) else { throw PictureTrouble.notAPicture }
    let tag = "\(source.url) \(count) \(Timestamp.now.seconds)"
    return PictureHead(kind: kind, etag: "\"\(SHA256.hex(Array(tag.utf8)).prefix(32))\"", count: count)
  }

  /// The mapping may have been removed while the picture was on its way.
  private func forgetIfUnmapped(_ account: String) {
    let (rooms, folder) = (services.rooms, folder)
    rooms.turn.afterwards {
      if (try? rooms.store().isInstagramAccountMapped(account)) == false { folder.remove(account: account) }
    }
  }
}
