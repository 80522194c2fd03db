import Cryptography
import Foundation
import JSON
import TestSupport
import Testing

/// `metactl install`, with a bundle whose programs are a few letters.
@Suite struct InstallTests {
  private let account: Installation
  private let bundle: URL

  private var home: String { account.folder.path + "/meta-module" }
  private var site: String { account.folder.path + "/public_html/social" }

  init() throws {
    account = try Installation()
    account.environment["META_DATA_DIR"] = nil
    try FileManager.default.createDirectory(
      atPath: account.folder.path + "/public_html", withIntermediateDirectories: true)
    bundle = account.folder.appending(path: "unpacked")
    try pack(["bin/metactl": "one", "bin/meta.fcgi": "one", "lib/libmeta-curl.so.4": "library"])
  }

  /// Writes a bundle's files, the page among them, and their sums.
  private func pack(_ programs: [String: String], page: [String: String] = ["index.html": "<title>page"])
    throws
  {
    try? FileManager.default.removeItem(at: bundle)
    var files = programs
    for (name, text) in page.merging(
      [".htaccess": "rules", "meta.fcgi": "one"], uniquingKeysWith: { own, _ in own })
    {
      files["public_html/" + name] = text
    }
    var sums = ""
    for (path, text) in files.sorted(by: { $0.key < $1.key }) {
      let file = bundle.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: false, encoding: .utf8)
      sums += "\(SHA256.hex(Array(text.utf8)))  \(path)\n"
    }
    try sums.write(to: bundle.appending(path: "SHA256SUMS"), atomically: false, encoding: .utf8)
  }

  private func install(_ arguments: String..., settings: [String: String] = [:]) throws
    -> Installation.Outcome
  {
    try account.metactl(list: ["install", "--from", bundle.path] + arguments, settings: settings)
  }

  private func mode(_ path: String) -> Int {
    ((try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int) ?? 0
  }

  private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  @Test func `a bundle is laid out, and its first password opens the page`() throws {
    let outcome = try install("--site", site, "--json")
    #expect(outcome.status == 0, "\(outcome.text)")
    #expect(text(site + "/meta.fcgi") == "one" && mode(site + "/meta.fcgi") == 0o755)
    #expect(text(site + "/.htaccess") == "rules" && mode(site + "/index.html") == 0o644)
    #expect(text(site + "/lib/libmeta-curl.so.4") == "library" && mode(site) == 0o755)
    #expect(text(home + "/bin/metactl") == "one" && mode(home) == 0o700 && mode(home + "/meta.conf") == 0o600)
    #expect(outcome.json["cron"]?.string == "17 * * * * \(home)/bin/metactl refresh --quiet")
    let password = try #require(outcome.json["password"]?.string)
    let body = account.folder.path + "/body.json"
    try #"{"password":"\#(password)"}"#.write(toFile: body, atomically: false, encoding: .utf8)
    let signIn = try account.metactl("request", "POST", "/session/", "-d", "@" + body)
    #expect(signIn.json["signed_in"]?.bool == true, "\(signIn.text)")
    // The settings are found without being named, and a second installation changes nothing.
    #expect(try account.metactl("config").output.contains(home + "/meta.conf"))
    let again = try install("--site", site)
    #expect(again.status == 1 && again.errors.contains("--upgrade"))
  }

  @Test func `an upgrade replaces programs and page, and takes away what is no part of it any more`() throws {
    try pack(["bin/metactl": "one"], page: ["index.html": "<title>page", "old.js": "old"])
    #expect(try install("--site", site).status == 0)
    let database = try Data(contentsOf: URL(filePath: home + "/meta.sqlite3"))
    try pack(["bin/metactl": "two"], page: ["index.html": "<title>newer"])
    let outcome = try install("--upgrade")
    #expect(outcome.status == 0 && !outcome.output.contains("password"), "\(outcome.text)")
    #expect(text(home + "/bin/metactl") == "two" && text(site + "/index.html") == "<title>newer")
    #expect(text(site + "/old.js") == nil)
    #expect(try Data(contentsOf: URL(filePath: home + "/meta.sqlite3")) == database)
  }

  @Test func `removing leaves settings and data, and files that are not ours`() throws {
    #expect(try install("--site", site).status == 0)
    try "mine".write(toFile: site + "/mine.html", atomically: false, encoding: .utf8)
    #expect(try account.metactl("install", "--remove").status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: site) == ["mine.html"])
    #expect(text(home + "/meta.conf") != nil && text(home + "/bin/metactl") == nil)
    let again = try account.metactl("install", "--remove")
    #expect(again.status == 1 && again.errors.contains("Nothing was installed here"))
  }

  @Test func `a half-transferred bundle is named and nothing is installed`() throws {
    try "on".write(to: bundle.appending(path: "bin/metactl"), atomically: false, encoding: .utf8)
    let outcome = try install("--site", site)
    #expect(
      outcome.status == 1 && outcome.errors.contains("bin/metactl is not as it was packed"), "\(outcome.text)"
    )
    try FileManager.default.removeItem(at: bundle.appending(path: "bin/metactl"))
    #expect(try install("--site", site).errors.contains("Unpack the bundle anew"))
    #expect(!FileManager.default.fileExists(atPath: home) && !FileManager.default.fileExists(atPath: site))
  }

  @Test func `a bundle for another kind of processor is refused`() throws {
    // The head of a program for 32 bits, as nobody builds it any more.
    let head = "\u{7F}ELF\u{1}\u{1}\u{1}" + String(repeating: "\0", count: 9) + "\u{2}\0\u{3}\0"
    try pack(["bin/metactl": "one", "bin/meta.fcgi": head])
    let outcome = try install("--site", site)
    #expect(
      outcome.status == 1 && outcome.errors.contains("bin/meta.fcgi is for another kind of processor"),
      "\(outcome.text)")
    #expect(!FileManager.default.fileExists(atPath: home))
  }

  @Test func `a home that cannot be written is told, and nothing is half installed`() throws {
    let misnamed = try install("--site", account.folder.path + "/htdocs/social")
    #expect(misnamed.status == 1 && misnamed.errors.contains("There is no folder"), "\(misnamed.text)")
    // A file where the installation's own folder should be.
    try "mine".write(toFile: home, atomically: false, encoding: .utf8)
    let outcome = try install("--site", site)
    #expect(outcome.status == 2 && outcome.errors.contains("Nothing is installed."), "\(outcome.text)")
    #expect(text(home) == "mine" && !FileManager.default.fileExists(atPath: site))
  }

  @Test func `what fails half-way leaves nothing, and does not end the program`() throws {
    try pack(["bin/metactl": "one", "bin/meta.fcgi": String(repeating: "large ", count: 2000)])
    let limited = try account.metactl(
      list: ["install", "--from", bundle.path, "--site", site],
      prefix: ["bash", "-c", "ulimit -f 4; exec \"$@\"", "_"])
    #expect(limited.status == 2 && limited.errors.contains("File too large"), "\(limited.text)")
    #expect(!FileManager.default.fileExists(atPath: home) && !FileManager.default.fileExists(atPath: site))
    // A folder in the place of the page's last file.
    try FileManager.default.createDirectory(atPath: site + "/.htaccess/x", withIntermediateDirectories: true)
    let outcome = try install("--site", site)
    #expect(outcome.status == 2 && outcome.errors.contains("Nothing is installed."), "\(outcome.text)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: site) == [".htaccess"])
    #expect(!FileManager.default.fileExists(atPath: home))
  }

  @Test(arguments: [
    (500, "", "Premature end of script headers"), (403, "<html>", "mode 755"),
    (404, "<html>", ".htaccess is not there"),
    (302, "", "name that one with --url"), (200, "\u{7F}ELF", "instead of running it"),
    (503, #"{"status":"unavailable"}"#, "metactl doctor says why"),
  ])
  func `what the address answers is explained`(status: Int, body: String, says: String) throws {
    let server = try RawServer { connection in
      _ = connection.readRequest()
      connection.send("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
    let outcome = try install("--site", site, "--url", server.url())
    #expect(outcome.status == 2 && outcome.errors.contains(says), "\(outcome.text)")
    #expect(outcome.output.contains("password"))
  }
}
