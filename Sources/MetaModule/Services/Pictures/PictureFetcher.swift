internal import Glibc
internal import HTTPClient
internal import System

/// Fetches originals from Meta, into files. One for each worker, like the client of Graph; it costs nothing until it is used.
final class PictureFetcher {
  /// Instagram takes 8 MB from those who post.
  static let mostBytes = 15 << 20
  /// For all tries of one request.
  static let longest = Duration.seconds(10)

  private var meta: HTTPClient?
  private var simulator: HTTPClient?

  /// - Returns: the status, and whatever came in the descriptor.
  func fetch(_ source: PictureSource, into sink: Int32, timeout: Duration) throws(TransferError) -> Int {
    if source.isOnThisMachine {
      return try Self.fetch(source, into: sink, timeout, with: &simulator, .loopback)
    }
    return try Self.fetch(source, into: sink, timeout, with: &meta, .publicAddresses)
  }

  private static func fetch(
    _ source: PictureSource, into sink: Int32, _ timeout: Duration, with kept: inout HTTPClient?,
    _ reach: Reach
  ) throws(TransferError) -> Int {
    var client =
      if let known = kept.take() { known } else {
        try HTTPClient(options: ClientOptions(maximumBodyBytes: mostBytes, reach: reach))
      }
    let result: Result<HTTPReply, TransferError>
    do throws(TransferError) {
      result = .success(
        try client.fetch(
          source.url, accepting: "image/jpeg, image/png, image/webp;q=0.5", into: sink, timeout: timeout))
    } catch { result = .failure(error) }
    kept = consume client
    return try result.get().status
  }
}
