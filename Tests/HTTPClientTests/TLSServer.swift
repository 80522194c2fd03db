import Foundation

/// `openssl s_server` on a free port, with a certificate made for the occasion in a temporary folder. It writes
/// down what arrives and sends what `answer` says as soon as there is a connection.
final class TLSServer {
  enum Validity { case now, past }
  struct Failure: Error { let reason: String }

  private let folder: URL
  private let process = Process()
  private let input = Pipe()
  private(set) var port = 0

  /// The certificate is its own authority, for `localhost` and nothing else.
  init(answer: String, validity: Validity = .now) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
      try makeCertificate(validity)
      try start()
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
    try input.fileHandleForWriting.write(contentsOf: Data(answer.utf8))
  }

  deinit {
    kill()
    try? FileManager.default.removeItem(at: folder)
  }

  var certificate: String { folder.appending(path: "certificate.pem").path }

  /// All that has arrived, among remarks of s_server itself.
  var output: String {
    guard let file = fopen(folder.appending(path: "output").path, "r") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// The output up to the end of the first connection, or up to the request if it arrives.
  func outputAtEnd() -> String {
    for _ in 0..<2000 {
      let output = output
      if ["Authorization", "ERROR", "DONE"].contains(where: output.contains) { return output }
      usleep(10_000)
    }
    return ""
  }

  /// Without a TLS goodbye: the system closes the connection.
  func kill() {
    if process.isRunning {
      Foundation.kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }

  private func makeCertificate(_ validity: Validity) throws {
    let name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem"]
    if validity == .now {
      try openssl(["req", "-x509", "-days", "1", "-out", "certificate.pem"] + key + name)
      return
    }
    // `req` knows no dates before today; `ca` does.
    let configuration = """
      [ca]
      default_ca = here
      [here]
      database = index
      new_certs_dir = .
      rand_serial = yes
      default_md = sha256
      policy = any
      copy_extensions = copy
      [any]
      commonName = supplied
      """
    try Data(configuration.utf8).write(to: folder.appending(path: "ca.conf"))
    try Data().write(to: folder.appending(path: "index"))
    try openssl(["req", "-new", "-out", "request.pem"] + key + name)
    try openssl([
      "ca", "-batch", "-selfsign", "-config", "ca.conf", "-keyfile", "key.pem", "-in", "request.pem",
      "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-notext", "-out", "certificate.pem",
    ])
  }

  private func openssl(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(reason: "openssl \(arguments[0]) ended with \(process.terminationStatus)")
    }
  }

  private func start() throws {
    try Data().write(to: folder.appending(path: "output"))
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", "certificate.pem", "-key", "key.pem",
    ]
    process.currentDirectoryURL = folder
    process.standardInput = input
    let file = try FileHandle(forWritingTo: folder.appending(path: "output"))
    process.standardOutput = file
    process.standardError = file
    try process.run()
    for _ in 0..<6000 where port == 0 {
      usleep(10_000)
      guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT ") }) else {
        continue
      }
      port = Int(line.split(separator: ":").last ?? "") ?? 0
    }
    guard port > 0 else {
      kill()
      throw Failure(reason: "openssl s_server does not listen")
    }
  }
}
