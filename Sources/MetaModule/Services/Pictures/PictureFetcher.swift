internal import Glibc
internal import HTTPClient
internal import System

/// Fetches originals from Meta, into files. One for each worker, like the client of Graph; it costs nothing until it is used.
final class PictureFetcher {
  /// Instagram takes 8 MB from those who post.
  static let mostBytes = 15 << 20
  /// For all tries of one request.
  static let longest = Duration.seconds(10)

  private var meta = HTTPClient(options: ClientOptions(maximumBodyBytes: mostBytes, reach: .publicAddresses))
  private var simulator = HTTPClient(options: ClientOptions(maximumBodyBytes: mostBytes, reach: .loopback))

  /// - Returns: the status, and whatever came in the descriptor.
  func fetch(_ source: PictureSource, into sink: Int32, timeout: Duration) throws(TransferError) -> Int {
    let types = "image/jpeg, image/png, image/webp;q=0.5"
    return source.isOnThisMachine
      ? try simulator.fetch(source.url, accepting: types, into: sink, timeout: timeout).status
      : try meta.fetch(source.url, accepting: types, into: sink, timeout: timeout).status
  }
}
