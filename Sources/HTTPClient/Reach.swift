internal import CCurl

/// Which addresses may be connected to, whatever name they were found under: looked at when the connection is made, so that
/// a name which means another address the second time gains nothing.
package enum Reach: Sendable {
  case anywhere
  /// No private, loopback, link-local, shared or multicast address, and none in the disguise of another.
  case publicAddresses
  case loopback

  /// Whether an address in digits is within it.
  package func includes(_ address: String) -> Bool { ccurl_may_reach_text(code, address) }

  var code: ccurl_reach {
    switch self {
    case .anywhere: ccurl_anywhere
    case .publicAddresses: ccurl_public
    case .loopback: ccurl_loopback
    }
  }
}
