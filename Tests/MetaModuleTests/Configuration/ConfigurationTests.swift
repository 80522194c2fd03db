import Cryptography
import Foundation
import TestSupport
import Testing

@testable import MetaModule
@testable import Text

/// What stands in the environment and in files, and what is wrong with it (API.md, section 6).
@Suite struct ConfigurationTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func configuration(file text: [UInt8], _ more: [String: String] = [:]) throws -> Configuration {
    let path = folder.path + "/meta.conf"
    try Data(text).write(to: URL(filePath: path))
    return try Configuration(environment: ["HOME": folder.path, "META_CONFIG": path].merging(more) { $1 })
  }

  @Test func `keys in the environment that do not parse stop the program, and the sentence says which`()
    throws
  {
    let good = try FernetKey.generate().revealed()
    for (text, place) in [
      ("not-a-key", "key 1"), (good + ",AAAA", "key 2"), ("AAAA," + good, "key 1"), (",", "holds no"),
    ] {
      let error = #expect(throws: ConfigurationError.self) {
        try Configuration(environment: ["HOME": folder.path, "META_FERNET_KEYS": text])
      }
      #expect(error?.description.contains("META_FERNET_KEYS") == true)
      #expect(error?.description.contains(place) == true)
      #expect(error?.description.contains(good) == false)
    }
    _ = try Configuration(environment: ["HOME": folder.path, "META_FERNET_KEYS": good + " , " + good + ","])
  }

  @Test func `keys in a file are checked like those in the environment`() throws {
    #expect(throws: ConfigurationError.self) { try configuration(file: Array("META_FERNET_KEYS=x\n".utf8)) }
  }

  @Test func `a misspelt name is a warning with the nearest known one, in the file and in the environment`()
    throws
  {
    let found = try configuration(
      file: Array("META_CACHE_TLL=7\nMETA_RETRIES=2\n".utf8),
      ["META_LOGLEVEL": "debug", "META_SOMETHING_ELSE": "1"])
    #expect(found.retries == 2)
    #expect(found.cacheTTL == 300)
    #expect(found.warnings.count == 3)
    #expect(
      found.warnings.first
        == "META_CACHE_TLL in \(folder.path)/meta.conf is no setting of this program; did you mean META_CACHE_TTL?"
    )
    #expect(
      found.warnings.contains(
        "META_LOGLEVEL in the environment is no setting of this program; did you mean META_LOG_LEVEL?"))
    #expect(found.warnings.last == "META_SOMETHING_ELSE in the environment is no setting of this program.")
    #expect(try configuration(file: []).warnings.isEmpty)
  }

  @Test(arguments: ["\n", "\r\n", "\r"])
  func `a file from any editor is read, a byte order mark in front or not`(_ end: String) throws {
    for mark in [[], [0xEF, 0xBB, 0xBF]] as [[UInt8]] {
      let text = ["META_RETRIES=7", "# a comment", "META_WORKERS=9", "META_CACHE_TTL=11"].joined(
        separator: end)
      let found = try configuration(file: mark + Array(text.utf8))
      #expect([found.retries, found.workers, Int(found.cacheTTL)] == [7, 9, 11] as [Int])
    }
  }

  /// As in the environment, and as a shell has it that reads the file.
  @Test func `an empty value in a file is none`() throws {
    let found = try configuration(
      file: Array("META_PUBLIC_URL=\nMETA_RETRIES=\"\"\nMETA_WORKERS=9\nexport META_WORKERS=\n".utf8))
    #expect(found.publicURL == nil)
    #expect(found.origins.isEmpty)
    let without = try configuration(file: [])
    #expect(found.retries == without.retries)
    #expect(found.workers == without.workers)
  }

  @Test func `UTF-16 is named as such, with a mark or without`() throws {
    for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf16] {
      let bytes = try #require("META_RETRIES=7\n".data(using: encoding))
      let error = #expect(throws: ConfigurationError.self) { try configuration(file: Array(bytes)) }
      #expect(error?.description.contains("UTF-16") == true)
    }
    let error = #expect(throws: ConfigurationError.self) {
      try configuration(file: [0x4D, 0xE4, 0x3D])  // Latin-1
    }
    #expect(error?.description.contains("not UTF-8") == true)
  }

  @Test(arguments: ["\n", "\r\n"])
  func `two keys in a key file open and seal, whatever ends their lines`(_ end: String) throws {
    let keys = try [FernetKey.generate(), FernetKey.generate()]
    let text = keys.map { $0.revealed() }.joined(separator: end) + end
    let data = folder.path + "/data"
    #expect(mkdir(data, 0o700) == 0)
    for mark in [[], [0xEF, 0xBB, 0xBF]] as [[UInt8]] {
      try Data(mark + Array(text.utf8)).write(to: URL(filePath: data + "/fernet.keys"))
      chmod(data + "/fernet.keys", 0o600)
      let keyRingFile = KeyRingFile(
        try Configuration(environment: ["HOME": folder.path, "META_DATA_DIR": data]))
      #expect(try keyRingFile.ring(mayCreate: false).fingerprints == keys.map(\.fingerprint))
    }
    try Data([0xFF, 0xFE] + Array(text.utf8)).write(to: URL(filePath: data + "/fernet.keys"))
    let keyRingFile = KeyRingFile(
      try Configuration(environment: ["HOME": folder.path, "META_DATA_DIR": data]))
    let error = #expect(throws: KeyRingError.self) { try keyRingFile.ring(mayCreate: false) }
    #expect(error?.sentence.contains("UTF-16") == true)
  }
}
