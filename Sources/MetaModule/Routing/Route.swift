internal import Text

/// One line of the route table: a method, a path below the mount point, who may call it, and the endpoint.
package struct Route: Sendable {
  typealias Endpoint = @Sendable (RequestContext) throws -> Response

  enum Scope: Sendable {
    /// Nothing at all: `health`, signing in and out, and asking who one is.
    case open
    /// An API key of scope `read` is enough.
    case read
    case admin
  }

  let method: String
  /// In the words of API.md: `/instagram/<client_id>/`.
  let pattern: String
  let scope: Scope
  let endpoint: Endpoint
  /// Who asks makes a difference, be the route open or not: what is presented is looked at, and refused if it is wrong.
  let looksAtCaller: Bool
  /// `nil` stands for any segment.
  private let segments: [String?]

  init(
    _ method: String, _ pattern: String, _ scope: Scope, looksAtCaller: Bool? = nil,
    _ endpoint: @escaping Endpoint
  ) {
    self.method = method
    self.pattern = pattern
    self.scope = scope
    self.endpoint = endpoint
    self.looksAtCaller = looksAtCaller ?? (scope != .open)
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

  /// The segment in the place of the `<…>`, of which no route has two.
  func capture(in path: [String]) -> String {
    zip(path, segments).first { _, expected in expected == nil }?.0 ?? ""
  }
}
