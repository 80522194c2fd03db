/// Why a simulator could not be started.
package enum SimulatorError: Error, Sendable, CustomStringConvertible {
  /// The address is taken or is not this machine's.
  case cannotListen(host: String, port: Int, reason: String)
  /// The `openssl` command is missing or refused.
  case noCertificate(reason: String)

  /// What was tried, and what came back.
  package var description: String {
    switch self {
    case .cannotListen(let host, let port, let reason): "cannot listen on \(host):\(port): \(reason)"
    case .noCertificate(let reason): "cannot make a certificate: \(reason)"
    }
  }
}
