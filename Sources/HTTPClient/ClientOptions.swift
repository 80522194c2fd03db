/// What holds for all requests of a client.
package struct ClientOptions: Sendable {
  /// Where an answer is cut off, in bytes after decompression; 4 MiB, the contract's limit for Graph.
  package var maximumBodyBytes: Int
  /// How many answers beyond half a MiB may be there at once, among all clients that share this; `nil`: any number.
  package var largeReplies: LargeReplies?
  /// For name lookup, connection and TLS together; part of a request's timeout.
  package var connectTimeout: Duration
  /// A PEM file with the only certificates to trust; `nil` for the system's.
  package var caFile: String?
  /// Where connections may lead.
  package var reach: Reach
  /// Printable ASCII.
  package var userAgent: String

  package init(
    maximumBodyBytes: Int = 4 << 20, largeReplies: LargeReplies? = nil,
    connectTimeout: Duration = .seconds(5),
    caFile: String? = nil, reach: Reach = .anywhere, userAgent: String = "meta-module"
  ) {
    self.maximumBodyBytes = maximumBodyBytes
    self.largeReplies = largeReplies
    self.connectTimeout = connectTimeout
    self.caFile = caFile
    self.reach = reach
    self.userAgent = userAgent
  }
}
