import Cryptography
import Foundation
import GraphSimulator
import JSON
import Testing

@testable import MetaModule
@testable import Store

/// Every recorded answer of Graph's (`Tests/Fixtures/Graph`, described in its INDEX.md), replayed through the program.
@Suite struct RecordingTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures/Graph")

  /// The recordings that the tests below replay, by name.
  private static let replayed: Set<String> =
    Set(errors.map(\.file)).union([
      "batch_two_ok.json", "connection_empty_data_with_next.json", "debug_token_invalid_input.json",
      "debug_token_user.json", "edge_page_past_end_empty.json", "ig_media_album.json",
      "ig_media_caption_emoji.json",
      "ig_media_image_escaped_slashes.json", "ig_media_list_mixed_types.json", "ig_media_list_page1.json",
      "ig_user_full.json", "ig_user_without_picture.json", "me_accounts_igfield_one.json",
      "me_accounts_page1.json",
      "me_accounts_page2_last.json", "me_picture_lookaside.json", "me_picture_silhouette.json",
      "oauth_long_lived_token.json", "page_instagram_business_account.json", "page_no_instagram.json",
      "response_headers_success_v9.json", "usage_header_buc_blocked.json", "usage_headers.json",
      "user_without_picture.json",
    ])

  @Test func `no recording is left out`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    #expect(Set(files.filter { $0 != "INDEX.md" }) == Self.replayed)
  }

  /// The bytes as they were on the wire: each file has one line break more.
  private static func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: folder.appending(path: name)).dropLast())
  }

  private static func json(_ name: String) throws -> JSONValue { try JSONValue(parsing: bytes(name)) }

  private static func replay(
    _ name: String, status: Int = 200, type: String = "application/json; charset=UTF-8",
    headers: [String: String] = [:]
  ) throws -> Fault.Kind {
    .raw(
      status: status, headers: headers.merging(["Content-Type": type]) { given, _ in given },
      body: try bytes(name))
  }

  private static func verify(_ harness: Harness) -> Answer {
    harness.send("POST", "/verify-user/", #"{"access_token":"\#(harness.simulator.token("john"))"}"#)
  }

  // MARK: - Errors

  struct Recorded: Sendable, CustomTestStringConvertible {
    let file: String
    let http: Int
    let status: Int
    let reason: String
    var calls = 1
    var testDescription: String { file }
  }

  static let errors = [
    Recorded(file: "error_190_458_deauthorised.json", http: 400, status: 400, reason: "app_removed"),
    Recorded(file: "error_190_459_checkpoint.json", http: 400, status: 400, reason: "login_required"),
    Recorded(file: "error_190_460_password.json", http: 400, status: 400, reason: "password_changed"),
    Recorded(file: "error_190_463_2026.json", http: 400, status: 400, reason: "expired"),
    Recorded(file: "error_10_app_no_permission.json", http: 400, status: 400, reason: "permission_missing"),
    Recorded(file: "error_200_not_authorized.json", http: 403, status: 400, reason: "permission_missing"),
    Recorded(file: "error_4_app_limit_403.json", http: 403, status: 429, reason: "rate_limited", calls: 4),
    Recorded(
      file: "error_17_2446079_user_limit.json", http: 400, status: 429, reason: "rate_limited", calls: 4),
    Recorded(
      file: "error_80002_instagram_limit.json", http: 400, status: 429, reason: "rate_limited", calls: 4),
    Recorded(file: "error_1_99_unknown_500.json", http: 500, status: 502, reason: "upstream_error", calls: 4),
    Recorded(file: "error_2_transient_500.json", http: 500, status: 502, reason: "upstream_error", calls: 4),
    Recorded(
      file: "error_html_something_went_wrong_500.html", http: 500, status: 502, reason: "upstream_error",
      calls: 4),
    Recorded(file: "error_100_33_ig_media_gone.json", http: 400, status: 502, reason: "upstream_error"),
  ]

  @Test(arguments: errors) func `a recorded error is understood`(recorded: Recorded) throws {
    let harness = try Harness()
    harness.simulator.addFault(Fault(try Self.replay(recorded.file, status: recorded.http)))
    let answer = Self.verify(harness)
    #expect(answer.status == recorded.status)
    #expect(answer.reason == recorded.reason)
    #expect(harness.simulator.calls().count == recorded.calls)
    // Nothing of Graph's own text is handed on.
    for word in ["OAuthException", "fbtrace", "#4", "validating", "Sorry", "A100_33"] {
      #expect(!answer.text.contains(word))
    }
  }

  @Test func `a medium that is gone is a post that is not found`() throws {
    let harness = try Harness()
    harness.addClient()
    harness.simulator.addFault(Fault(try Self.replay("error_100_33_ig_media_gone.json", status: 400)))
    let answer = harness.send("GET", "/post/17900000000000001/")
    #expect(answer.status == 404)
    #expect(answer.text == #"{"detail":"Post not found or not mapped"}"#)
  }

  // MARK: - /me

  @Test(arguments: [
    ("me_picture_lookaside.json", true), ("me_picture_silhouette.json", true),
    ("user_without_picture.json", false),
  ])
  func `a recorded user is verified`(file: String, hasPicture: Bool) throws {
    let harness = try Harness()
    harness.simulator.addFault(Fault(try Self.replay(file)))
    let recorded = try Self.json(file)
    let answer = Self.verify(harness)
    #expect(answer.status == 200)
    let expected: JSONValue = [
      "user_id": JSONValue(recorded["id"]?.string), "user_name": JSONValue(recorded["name"]?.string),
      "profile_picture": JSONValue(recorded["picture"]?["data"]?["url"]?.string),
    ]
    #expect(answer.json == expected)
    #expect((answer.json["profile_picture"] != .null) == hasPicture)
    #expect(!answer.text.contains(#"\/"#))
  }

  @Test func `old content types and headers of a success do not matter`() throws {
    var headers: [String: String] = [:]
    for (name, value) in try #require(try Self.json("response_headers_success_v9.json").object).members {
      // How long it is, is for the simulator to say.
      if name != "Transfer-Encoding", name != "Connection", name != "Date" { headers[name] = value.string }
    }
    for type in ["text/javascript; charset=UTF-8", "application/json", "text/html"] {
      let harness = try Harness()
      headers["Content-Type"] = type
      harness.simulator.addFault(Fault(try Self.replay("user_without_picture.json", headers: headers)))
      #expect(Self.verify(harness).status == 200)
    }
  }

  // MARK: - /me/accounts

  @Test func `two recorded pages of a list are one list`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.clearCalls()
    for file in ["me_accounts_page1.json", "me_accounts_page2_last.json"] {
      harness.simulator.addFault(Fault(try Self.replay(file), match: .init(endpoint: .accounts), count: 1))
    }
    let answer = harness.send("GET", "/pages/")
    let pages = try #require(answer.json["pages"]?.array)
    #expect(
      pages.compactMap { $0["fb_page_id"]?.string } == [
        "123", "1234", "123512", "1234624", "123456", "12345678",
      ])
    #expect(pages.compactMap { $0["fb_page_name"]?.string?.utf8.count } == [9, 8, 8, 10, 9, 8])
    #expect(pages.allSatisfy { $0["ig_account_id"] == .null && $0["fb_page_picture"] == .null })
    #expect(!answer.text.contains("\"access_token\""))
    #expect(harness.simulator.counts()[.accounts] == 2)
    #expect(
      harness.simulator.calls().filter { $0.endpoint == .accounts }.map { $0.query["after"] } == [
        nil, "after",
      ])
  }

  @Test func `a list whose cursors have no after ends`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.addFault(
      Fault(try Self.replay("me_accounts_igfield_one.json"), match: .init(endpoint: .accounts)))
    let pages = harness.send("GET", "/pages/").json["pages"]?.array
    #expect(pages?.count == 1)
    #expect(pages?[0]["fb_page_name"] == .null)
    #expect(pages?[0]["ig_account_id"] == "17841462785487205")
  }

  @Test func `an empty page with a next is followed, and past the end there is nothing`() throws {
    let harness = try Harness()
    harness.addToken("john")
    harness.simulator.clearCalls()
    for file in ["connection_empty_data_with_next.json", "edge_page_past_end_empty.json"] {
      harness.simulator.addFault(Fault(try Self.replay(file), match: .init(endpoint: .accounts), count: 1))
    }
    #expect(harness.send("GET", "/pages/").json["pages"] == [])
    #expect(
      harness.simulator.calls().filter { $0.endpoint == .accounts }.map { $0.query["after"] }
        == [nil, "aftercursos...."])
  }

  // MARK: - Pages

  @Test func `recorded Pages without a token of their own are not mapped`() throws {
    for file in ["page_instagram_business_account.json", "page_no_instagram.json"] {
      let harness = try Harness()
      harness.addToken("john")
      let recorded = try Self.json(file)
      harness.simulator.addFault(Fault(try Self.replay(file), match: .init(endpoint: .unknown)))
      harness.simulator.addFault(Fault(try Self.replay(file), match: .init(endpoint: .page)))
      let id = try #require(recorded["id"]?.string)
      #expect(harness.sync("c", page: id).detail == "Page not found or not accessible with this token")
    }
  }

  @Test func `recorded Pages with their tokens are`() throws {
    for file in ["page_instagram_business_account.json", "page_no_instagram.json"] {
      let harness = try Harness()
      harness.addToken("john")
      var recorded = try #require(try Self.json(file).object)
      recorded["access_token"] = "EAAPpagetoken"
      let body = JSONValue.object(recorded).serialized(escaping: .ascii)
      let id = try #require(recorded["id"]?.string)
      harness.simulator.addFault(Fault(.raw(status: 200, headers: [:], body: body)))
      #expect(harness.sync("c", page: id).text == #"{"success":true,"created":true}"#)
      #expect(
        try harness.mapping("c")?.instagramAccountID == recorded["instagram_business_account"]?["id"]?.string)
      #expect(try harness.mapping("c")?.pageName == recorded["name"]?.string)
    }
  }

  // MARK: - Instagram

  @Test(arguments: ["ig_user_full.json", "ig_user_without_picture.json"])
  func `a recorded account is a profile`(file: String) throws {
    let harness = try Harness()
    harness.addClient()
    harness.simulator.addFault(Fault(try Self.replay(file), match: .init(endpoint: .instagram)))
    let recorded = try Self.json(file)
    let profile = harness.send("GET", "/instagram/client_001/").json["profile"]
    for name in ["followers_count", "follows_count", "media_count", "username", "profile_picture_url"] {
      #expect(profile?[name] == recorded[name] ?? .null)
    }
    #expect(profile?.object?.count == 5)
  }

  @Test(arguments: ["ig_media_list_page1.json", "ig_media_list_mixed_types.json"])
  func `recorded media are a grid`(file: String) throws {
    let harness = try Harness()
    harness.addClient()
    let recorded = try Self.json(file)
    let account: JSONValue = ["id": "17841405822348523", "username": "x", "media": recorded]
    harness.simulator.addFault(
      Fault(.raw(status: 200, headers: [:], body: account.serialized(escaping: .ascii))))
    let media = try #require(harness.send("GET", "/instagram/client_001/").json["media"]?.array)
    let rows = try #require(recorded["data"]?.array)
    #expect(media.count == rows.count)
    for (medium, row) in zip(media, rows) {
      for name in ["id", "caption", "media_url", "media_type", "thumbnail_url", "timestamp", "permalink"] {
        #expect(medium[name] == row[name] ?? .null)
      }
      #expect(medium["id"]?.string != nil)
    }
  }

  @Test(arguments: [
    "ig_media_album.json", "ig_media_image_escaped_slashes.json", "ig_media_caption_emoji.json",
  ])
  func `a recorded medium is a post`(file: String) throws {
    let harness = try Harness()
    harness.addClient()
    var recorded = try #require(try Self.json(file).object)
    let id = try #require(recorded["id"]?.string)
    // First as recorded, seen in a grid; then with its owner, unknown before.
    let row: JSONValue = ["id": "17841405822348523", "media": ["data": [["id": .string(id)]]]]
    harness.simulator.addFault(Fault(.raw(status: 200, headers: [:], body: row.serialized()), count: 1))
    harness.send("GET", "/instagram/client_001/")
    harness.simulator.addFault(Fault(try Self.replay(file), count: 1))
    let seen = harness.send("GET", "/post/\(id)/")
    #expect(seen.status == 200)
    for name in ["id", "caption", "media_type", "timestamp", "like_count", "comments_count", "thumbnail_url"]
    {
      #expect(seen.json[name] == recorded[name] ?? .null, "\(name)")
    }
    #expect(!seen.text.contains(#"\u"#) && !seen.text.contains(#"\/"#))

    let other = try Harness()
    other.addClient()
    recorded["owner"] = ["id": "17841405822348523"]
    let body = JSONValue.object(recorded).serialized(escaping: .ascii)
    other.simulator.addFault(Fault(.raw(status: 200, headers: [:], body: body)))
    #expect(other.send("GET", "/post/\(id)/").text == seen.text)
  }

  // MARK: - Usage headers

  @Test func `usage headers of a success change nothing`() throws {
    for entry in try #require(try Self.json("usage_headers.json").array) {
      var headers: [String: String] = [:]
      for (name, value) in try #require(entry.object).members where name.hasPrefix("x-") {
        headers[name] = value.string
      }
      let harness = try Harness()
      harness.simulator.addFault(Fault(try Self.replay("user_without_picture.json", headers: headers)))
      #expect(Self.verify(harness).status == 200, "\(entry)")
      #expect(Self.verify(harness).status == 200, "nothing is blocked")
    }
  }

  @Test func `a blocked pool tells for how long`() throws {
    let header = try Self.json("usage_header_buc_blocked.json").serializedText()
    let harness = try Harness()
    harness.simulator.addFault(
      Fault(
        try Self.replay(
          "error_80002_instagram_limit.json", status: 400, headers: ["X-Business-Use-Case-Usage": header])))
    let answer = Self.verify(harness)
    #expect(answer.status == 429)
    #expect(answer.header("Retry-After") == "600")
    #expect(harness.simulator.calls().count == 1)
  }

  // MARK: - Tokens

  @Test func `a recorded answer about a token sets its expiry and scopes`() throws {
    let harness = try Harness(settings: ["META_APP_ID": World.defaultAppID, "META_APP_SECRET": "s"])
    harness.simulator.addFault(
      Fault(try Self.replay("debug_token_user.json"), match: .init(endpoint: .debugToken)))
    harness.simulator.addFault(
      Fault(try Self.replay("me_picture_lookaside.json"), match: .init(endpoint: .me)))
    harness.simulator.addFault(
      Fault(try Self.replay("oauth_long_lived_token.json"), match: .init(endpoint: .oauth)))
    let body: JSONValue = ["access_token": "EAABshort", "account_label": "x"]
    let answer = harness.send("POST", "/tokens/", body.serializedText())
    #expect(answer.status == 201)
    // Recorded in 2019: it is over, and so a long-lived one was asked for.
    #expect(harness.simulator.counts()[.oauth] == 1)
    #expect(answer.json["scopes"]?.array?.count == 5)
    #expect(answer.json["expires_at"] == "2019-12-26T08:00:00Z")
    #expect(answer.json["data_access_expires_at"] == "2020-03-24T08:59:09Z")
    let opened = try harness.application.keyRing().open(try harness.token(1)?.sealedToken ?? "")
    #expect(String(decoding: opened, as: UTF8.self) == "token")
  }

  @Test func `a token of which Graph says, with 200, that it is no good is refused`() throws {
    let harness = try Harness(settings: ["META_APP_ID": World.defaultAppID, "META_APP_SECRET": "s"])
    harness.simulator.addFault(
      Fault(try Self.replay("debug_token_invalid_input.json"), match: .init(endpoint: .debugToken)))
    harness.simulator.addFault(
      Fault(try Self.replay("me_picture_lookaside.json"), match: .init(endpoint: .me)))
    let answer = harness.send("POST", "/tokens/", #"{"access_token":"EAABx","account_label":"x"}"#)
    #expect(answer.status == 400)
    #expect(answer.text == #"{"detail":"Token expired or invalid","reason":"password_changed"}"#)
    #expect(try harness.store().tokens(limit: 1).isEmpty)
  }

  @Test func `an answer of another kind is nonsense to every endpoint`() throws {
    let harness = try Harness(settings: ["META_RETRIES": "0"])
    harness.addClient()
    for file in ["batch_two_ok.json", "oauth_long_lived_token.json", "edge_page_past_end_empty.json"] {
      harness.simulator.clearFaults()
      harness.simulator.addFault(Fault(try Self.replay(file)))
      #expect(Self.verify(harness).status == 502, "\(file)")
      #expect(harness.sync("c").status == 502, "\(file)")
      #expect(harness.send("GET", "/instagram/client_001/").status == 502, "\(file)")
      #expect(harness.send("GET", "/post/17999999999999999/").status == 502, "\(file)")
      if file != "edge_page_past_end_empty.json" {
        #expect(harness.send("GET", "/pages/").status == 502, "\(file)")
      }
    }
    #expect(try harness.token(1)?.status == .active)
  }
}
