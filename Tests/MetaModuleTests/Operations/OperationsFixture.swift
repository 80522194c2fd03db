import Cryptography
import Foundation
import GraphSimulator
import JSON

@testable import MetaModule
@testable import Store

/// The simulator's app, for tests that need one.
let appSettings = ["META_APP_ID": World.defaultAppID, "META_APP_SECRET": World.demo.appSecret]

extension Harness {
  var data: String { folder.appending(path: "data").path }

  /// The lines of the key file, newest first.
  func keys() throws -> [FernetKey] {
    try String(contentsOfFile: data + "/fernet.keys", encoding: .utf8).split(separator: "\n").map {
      try FernetKey(String($0))
    }
  }

  /// How every stored text stands to the keys on disk.
  func survey() throws -> Survey { try Survey(store(), KeyRing(keys())) }

  /// The plain token of a row.
  func plainToken(_ id: Int64) throws -> String? {
    try store().token(id).map { String(decoding: try KeyRing(keys()).open($0.sealedToken), as: UTF8.self) }
  }

  /// One request from anywhere, with headers of one's own.
  func send(_ method: String, _ target: String, _ change: (inout Request) -> Void) -> Answer {
    var request = Request(method, target)
    change(&request)
    return Answer(application.respond(to: request))
  }
}
