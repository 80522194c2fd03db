/// Where pictures are kept: `.pictures` in the cache's folder, whose other names belong to grids.
struct PictureFolder: Sendable {
  let path: String

  init(_ configuration: Configuration) { path = configuration.cacheDirectory + "/.pictures" }

  func facts(ofAccount account: String) -> PictureFactsFile {
    PictureFactsFile(path: "\(path)/facts/\(account)")
  }
}
