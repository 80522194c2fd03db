internal import ArgumentParser
internal import Cache
internal import JSON
internal import MetaModule

struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Cached answers and pictures of Instagram.",
    discussion: "Examples:\n  metactl cache stats\n  metactl cache clear",
    subcommands: [Stats.self, Clear.self])

  struct Stats: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "How much is cached, and where.")

    @OptionGroup var common: CommonOptions

    func run() throws {
      let (path, found, pictures, limit) = try common.perform {
        ($0.cacheDirectory, try $0.cacheStatistics(), $0.pictureBytes, $0.configuration.imageMaximumBytes)
      }
      guard !common.json else {
        let body: JSONValue = [
          "directory": .string(path), "entries": JSONValue(found.entries),
          "expired": JSONValue(found.expired),
          "leftovers": JSONValue(found.leftovers), "bytes": JSONValue(found.bytes),
          "maximum_bytes": JSONValue(found.maximumBytes), "picture_bytes": JSONValue(pictures),
          "maximum_picture_bytes": JSONValue(limit),
        ]
        return try Terminal.say(body)
      }
      var table = Table(["CACHE", path])
      table.add(["entries", String(found.entries)])
      table.add(["expired, to be swept", String(found.expired)])
      table.add(["leftovers, to be swept", String(found.leftovers)])
      table.add(["size", "\(Count.bytes(found.bytes)) of \(Count.bytes(Int64(found.maximumBytes)))"])
      table.add(["pictures", "\(Count.bytes(pictures)) of \(Count.bytes(Int64(limit)))"])
      try Terminal.say(table.lines())
    }
  }

  struct Clear: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove every cached answer and picture; what is asked next is fetched anew.")

    @OptionGroup var common: CommonOptions

    func run() throws {
      let removed = try common.perform { try $0.clearCache() }
      try common.report(
        ["removed": JSONValue(removed)],
        "Removed \(Count.text(removed, "file")) from the cache.")
    }
  }
}
