import Foundation
import JSON
import Testing

@testable import MetaModule
@testable import Store
@testable import Text

/// `META_FIRST_PASSWORD`, for those who can upload files and run nothing.
@Suite struct FirstPasswordTests {
  private static let settings = ["META_FIRST_PASSWORD": "correct horse"]

  private func signIn(_ application: Application, _ password: String) -> Answer {
    var request = Request("POST", "/session/", json: #"{"password":"\#(password)"}"#)
    request.remoteAddress = "198.51.100.7"
    request.host = "www.example.org"
    return Answer(application.respond(to: request))
  }

  @Test func `it opens the page from anywhere, and nothing else does`() throws {
    let harness = try Harness(settings: Self.settings)
    let stranger = harness.send("GET", "/tokens/") { $0.remoteAddress = "198.51.100.7" }
    #expect(stranger.status == 401)
    #expect(harness.send("GET", "/session/") { _ in }.json["mode"]?.string == "credentials")
    // This machine is nobody special any more.
    #expect(harness.send("GET", "/tokens/") { _ in }.status == 401)
    #expect(signIn(harness.application, "wrong horse").status == 403)
    #expect(signIn(harness.application, "correct horse").status == 200)
  }

  @Test func `where there has been a credential it is none`() throws {
    let harness = try Harness()
    _ = try harness.application.setAdminPassword(Secret("another horse"))
    let later = try harness.another(settings: Self.settings)
    #expect(signIn(later, "correct horse").status == 403)
    #expect(signIn(later, "another horse").status == 200)
    let keyed = try Harness()
    let key = try keyed.application.createAPIKey(label: "Site", scope: .read)
    _ = try keyed.application.revokeAPIKey(key.row.id)
    #expect(signIn(try keyed.another(settings: Self.settings), "correct horse").status != 200)
  }

  @Test func `it is as long as a password, and shown to nobody`() throws {
    for short in ["correct", String(repeating: "x", count: 257)] {
      #expect(throws: ConfigurationError.self) {
        try Configuration(environment: ["HOME": "/nonexistent", "META_FIRST_PASSWORD": short])
      }
    }
    let configuration = try Configuration(environment: Self.settings.merging(["HOME": "/nonexistent"]) { $1 })
    #expect(configuration.settings.first { $0.name == "META_FIRST_PASSWORD" }?.value == "<redacted>")
  }

  @Test func `a file in which others can read it is refused`() throws {
    let harness = try Harness()
    let file = harness.folder.appending(path: "meta.conf").path
    try "META_DATA_DIR=\(harness.data)\nMETA_FIRST_PASSWORD=correct horse\n"
      .write(toFile: file, atomically: false, encoding: .utf8)
    chmod(file, 0o644)
    #expect(throws: ConfigurationError.self) {
      try Configuration(explicitFile: file, environment: ["HOME": "/nonexistent"])
    }
    chmod(file, 0o600)
    _ = try Configuration(explicitFile: file, environment: ["HOME": "/nonexistent"])
  }
}
