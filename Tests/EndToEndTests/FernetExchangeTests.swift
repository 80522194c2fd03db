import GraphSimulator
import JSON
import TestSupport
import Testing

/// The database in the hands of Python, whose package `cryptography` the original used.
@Suite struct FernetExchangeTests {
  @Test func `what the program stored opens in Python`() throws {
    let site = try Site()
    try site.addClient()
    let opened = try Python.lines(
      """
      import sqlite3, sys
      from cryptography.fernet import Fernet
      data = sys.argv[1]
      key = open(data + "/fernet.keys").read().strip()
      rows = sqlite3.connect(data + "/meta.sqlite3").execute(
          "SELECT access_token FROM meta_access_token UNION ALL SELECT page_access_token FROM client_page_mapping")
      for row in rows: print(Fernet(key).decrypt(row[0].encode()).decode())
      """, arguments: ["\(site.folder.path)/data"])
    #expect(
      opened == [site.simulator.token("john"), site.simulator.pageToken("john", page: "104567890123")])
  }

  @Test func `what Python stored is used by the program`() throws {
    let site = try Site()
    // The first request makes key and database.
    #expect(try site.send("GET", "/api/meta/pages/").text == #"{"pages":[]}"#)
    _ = try Python.lines(
      """
      import sqlite3, sys
      from cryptography.fernet import Fernet
      data, token = sys.argv[1], sys.argv[2]
      key = open(data + "/fernet.keys").read().strip()
      database = sqlite3.connect(data + "/meta.sqlite3")
      now = "2025-12-18T10:00:00Z"
      database.execute(
          "INSERT INTO meta_access_token (account_label, access_token, status, created_at, updated_at) "
          "VALUES (?, ?, 'active', ?, ?)", ("Python's", Fernet(key).encrypt(token.encode()).decode(), now, now))
      database.commit()
      """, arguments: ["\(site.folder.path)/data", site.simulator.token("maria")])
    let pages = try site.send("GET", "/api/meta/pages/").json["pages"]
    #expect(pages?.array?.count == 4)
    #expect(pages?[0]?["account_label"] == "Python's")
    let body = #"{"client_id":"c","fb_page_id":"112233445566778","token_id":1}"#
    #expect(try site.send("POST", "/api/meta/sync/", body).text == #"{"success":true,"created":true}"#)
    #expect(try site.send("GET", "/api/meta/instagram/c/").json["profile"]?["username"] == "cafelindqvist")
  }

  @Test func `a key that Python made is a key`() throws {
    let key = try Python.lines(
      "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())")[0]
    let site = try Site(settings: ["META_FERNET_KEYS": key])
    try site.addClient()
    #expect(try site.send("GET", "/api/meta/instagram/client_001/").status == 200)
    let opened = try Python.lines(
      """
      import sqlite3, sys
      from cryptography.fernet import Fernet
      row = sqlite3.connect(sys.argv[1]).execute("SELECT access_token FROM meta_access_token").fetchone()
      print(Fernet(sys.argv[2]).decrypt(row[0].encode()).decode())
      """, arguments: ["\(site.folder.path)/data/meta.sqlite3", key])
    #expect(opened == [site.simulator.token("john")])
  }
}
