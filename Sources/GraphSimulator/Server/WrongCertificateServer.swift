internal import Foundation

/// A TLS server with a certificate that no client may accept.
///
/// It is the `openssl` command, which answers every request with a status page: whoever gets that page has not
/// checked the certificate. Nothing more is needed of it, so this package needs no TLS library.
package final class WrongCertificateServer: Sendable {
  /// What is wrong with the certificate.
  package enum Flaw: String, Sendable, CaseIterable {
    /// Issued by nobody whom the client trusts.
    case selfSigned = "self-signed"
    /// Good, for those who trust `certificateFile`, but for another host.
    case otherHost = "other-host"
    /// Nothing, for those who trust `certificateFile`: proves that the others fail for their own reason.
    case none
  }

  /// `https://127.0.0.1:41234`.
  package let url: String
  /// The port.
  package let port: Int
  /// The certificate as PEM, which a client may be told to trust.
  package let certificateFile: String

  private let folder: URL
  private let process: Process

  /// Makes a key and a certificate in a temporary folder and starts listening. Port 0 is any free one.
  package init(_ flaw: Flaw = .selfSigned, port: Int = 0) throws(SimulatorError) {
    do {
      folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "graph-simulator-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let certificate = folder.appendingPathComponent("certificate.pem").path
      let key = folder.appendingPathComponent("key.pem").path
      let name = flaw == .otherHost ? "DNS:graph.example.net" : "IP:127.0.0.1,DNS:localhost"
      try Self.makeCertificate(certificate, key, name: name)
      let server = Process()
      server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      server.arguments = [
        "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", certificate, "-key", key, "-www",
      ]
      let output = Pipe()
      server.standardOutput = output
      server.standardError = FileHandle.nullDevice
      // It would end with the standard input of whoever started it.
      server.standardInput = Pipe()
      try server.run()
      guard let accepted = Self.port(asked: port, announcedOn: output.fileHandleForReading) else {
        Self.end(server)
        throw SimulatorError.noCertificate(reason: "openssl s_server does not listen on port \(port)")
      }
      process = server
      self.port = accepted
      url = "https://127.0.0.1:\(accepted)"
      certificateFile = certificate
    } catch let error as SimulatorError {
      throw error
    } catch {
      throw .noCertificate(reason: "\(error)")
    }
  }

  /// Ends the server and removes key and certificate.
  package func stop() {
    Self.end(process)
    try? FileManager.default.removeItem(at: folder)
  }

  /// SIGKILL, because a child inherits the signals that a program blocks in order to wait for them.
  private static func end(_ process: Process) {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  private static func makeCertificate(_ certificate: String, _ key: String, name: String) throws {
    let maker = Process()
    maker.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    maker.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-days", "2",
      "-subj", "/CN=graph.example.net", "-addext", "subjectAltName=\(name)", "-keyout", key, "-out",
      certificate,
    ]
    maker.standardOutput = FileHandle.nullDevice
    maker.standardError = FileHandle.nullDevice
    try maker.run()
    maker.waitUntilExit()
    guard maker.terminationStatus == 0 else {
      throw SimulatorError.noCertificate(reason: "openssl req exited with \(maker.terminationStatus)")
    }
  }

  /// Reads the line which s_server prints when it listens: `ACCEPT`, or `ACCEPT 127.0.0.1:41234` where the port
  /// was its choice.
  private static func port(asked: Int, announcedOn output: FileHandle) -> Int? {
    var text = ""
    while true {
      let bytes = output.availableData
      guard !bytes.isEmpty else { return nil }
      text += String(decoding: bytes, as: UTF8.self)
      for line in text.split(separator: "\n").dropLast(text.hasSuffix("\n") ? 0 : 1)
      where line.hasPrefix("ACCEPT") {
        return asked != 0 ? asked : line.split(separator: ":").last.flatMap { Int($0) }
      }
    }
  }
}
