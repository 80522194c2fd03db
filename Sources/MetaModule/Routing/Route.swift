internal import Text

/// One line of the route table: a method, a path below the mount point, who may call it, and the endpoint.
package struct Route: Sendable {
  typealias Endpoint = @Sendable (RequestContext) throws -> Response

  let method: String
  /// In the words of API.md: `/instagram/<client_id>/`.
  let pattern: String
  /// What whoever calls it must be able to.
  let capability: Capability
  /// It is about clients, and shows a key that is bound to some those alone. All others are about the installation: such
  /// a key is none for them.
  let isOfClients: Bool
  let endpoint: Endpoint
  /// What a browser is answered that asks before a page of another site asks; `nil`: what every `OPTIONS` is.
  let preflight: Endpoint?
  /// Who asks makes a difference, be the route open or not: what is presented is looked at, and refused if it is wrong.
  let looksAtCaller: Bool
  /// `nil` stands for any segment.
  private let segments: [String?]

  init(
    _ method: String, _ pattern: String, _ capability: Capability, ofClients isOfClients: Bool = false,
    looksAtCaller: Bool? = nil, preflight: Endpoint? = nil, _ endpoint: @escaping Endpoint
  ) {
    self.method = method
    self.pattern = pattern
    self.capability = capability
    self.isOfClients = isOfClients
    self.endpoint = endpoint
    self.preflight = preflight
    self.looksAtCaller = looksAtCaller ?? (capability != .open)
    segments = pattern.split(separator: "/").map { $0.hasPrefix("<") ? nil : String($0) }
  }

  /// The path is one that this route serves, whatever the method.
  func matches(_ path: [String]) -> Bool {
    guard path.count == segments.count else { return false }
    for (segment, expected) in zip(path, segments) {
      if let expected, !segment.isSameBytes(as: expected) { return false }
    }
    return true
  }

  /// The segments in the places of the `<…>`.
  func captures(in path: [String]) -> [String] {
    zip(path, segments).compactMap { segment, expected in expected == nil ? segment : nil }
  }
}
