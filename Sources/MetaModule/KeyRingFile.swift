internal import Cryptography
internal import Glibc
internal import System
internal import Text

/// The key ring: from `META_FERNET_KEYS`, or from `fernet.keys` in the data directory, newest key first.
///
/// The file is looked at before each use, which costs one `stat`: a rotation by `metactl` is seen at once.
final class KeyRingFile {
  private let fromEnvironment: Secret?
  private let path: String
  private let folder: String
  private var loaded: (ring: KeyRing, stamp: Stamp)?

  /// Tells one state of the key file from another.
  private struct Stamp: Equatable {
    var inode: UInt64 = 0
    var size: Int64 = 0
    // A change of mode or owner counts as well.
    var seconds = 0
    var nanoseconds = 0
  }

  init(_ configuration: Configuration) {
    fromEnvironment = configuration.fernetKeys
    path = configuration.keyFilePath
    folder = configuration.dataDirectory
  }

  /// - Parameter mayCreate: make a first key where there is no file; `false` once the database holds something that
  ///   was sealed, since a new key could not open it.
  func ring(mayCreate: Bool) throws(KeyRingError) -> KeyRing {
    if let keys = fromEnvironment {
      if let loaded { return loaded.ring }
      let ring = try Self.ring(of: Self.keys(listedIn: keys.revealed()), source: "META_FERNET_KEYS")
      loaded = (ring, Stamp())
      return ring
    }
    if let stamp = stamp(), let loaded, loaded.stamp == stamp { return loaded.ring }
    if stamp() == nil {
      guard errno == ENOENT else { throw .unreadable(path, SystemError.last.description) }
      guard mayCreate else { throw .missing(path) }
      try create()
    }
    guard let stamp = stamp() else { throw .unreadable(path, SystemError.last.description) }
    let ring = try Self.ring(of: keysOfFile(), source: path)
    loaded = (ring, stamp)
    return ring
  }

  /// Two processes may try at once: the file of the first stays.
  private func create() throws(KeyRingError) {
    let text: String
    do { text = try FernetKey.generate().revealed() } catch { throw .noRandomness }
    guard SmallFile.write(Array((text + "\n").utf8), to: path, replacing: false) || errno == EEXIST else {
      throw .unwritable(path, SystemError.last.description)
    }
  }

  private func stamp() -> Stamp? {
    guard let status = fileStatus(of: path) else { return nil }
    return Stamp(
      inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: status.st_ctim.tv_sec,
      nanoseconds: status.st_ctim.tv_nsec)
  }

  // MARK: - Rotation

  /// The keys of the file, newest first, to make another ring of.
  func keysOfFile() throws(KeyRingError) -> [FernetKey] {
    do { try PathTrust(folder: folder).check(path, isSecret: true) } catch { throw .untrusted(error) }
    guard let bytes = SmallFile.read(path, limit: 65536) else {
      if errno == ENOENT { throw .missing(path) }
      throw .unreadable(path, SystemError.last.description)
    }
    let lines: [String]
    do { lines = try TextLines.lines(of: bytes) } catch { throw .notText(path, error) }
    return try Self.keys(lines, place: "line", source: path)
  }

  /// Writes the file anew, so that it holds the old keys or the new ones whatever happens meanwhile, power failure
  /// included.
  func replaceFile(with keys: [FernetKey]) throws(KeyRingError) {
    let text = keys.map { $0.revealed() + "\n" }.joined()
    guard SmallFile.write(Array(text.utf8), to: path, replacing: true) else {
      throw .unwritable(path, SystemError.last.description)
    }
  }

  static func keys(listedIn text: String) throws(KeyRingError) -> [FernetKey] {
    let parts = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    return try keys(
      parts.map { String(decoding: $0, as: UTF8.self) }, place: "key", source: "META_FERNET_KEYS")
  }

  private static func ring(of keys: [FernetKey], source: String) throws(KeyRingError) -> KeyRing {
    do { return try KeyRing(keys) } catch { throw .empty(source) }
  }

  private static func keys(
    _ parts: [String], place: String, source: String
  ) throws(KeyRingError) -> [FernetKey] {
    var keys: [FernetKey] = []
    for (number, part) in parts.enumerated() {
      let key = FieldRule.trimmed(part)
      if key.isEmpty || key.utf8.first == UInt8(ascii: "#") { continue }
      do { keys.append(try FernetKey(key)) } catch { throw .malformed("\(source), \(place) \(number + 1)") }
    }
    guard !keys.isEmpty else { throw .empty(source) }
    return keys
  }
}

/// Why there is no key ring. Never holds a key.
enum KeyRingError: Error {
  case missing(String)
  case unreadable(String, String)
  case unwritable(String, String)
  case malformed(String)
  case empty(String)
  case notText(String, TextLines.Failure)
  case untrusted(Distrust)
  /// No file, and nothing that would need one.
  case none(String)
  case noRandomness

  /// What a client is told: which it is, and no path of the server.
  var detail: String {
    switch self {
    case .missing: "The Fernet key is missing. The operator must put it back."
    case .unreadable, .unwritable: "The Fernet key cannot be read. The operator must mend its file."
    case .malformed, .empty, .notText: "The Fernet key is not one. The operator must put the right one back."
    case .untrusted:
      "Other users of the server could read or change the Fernet key, so it is not used. The operator must mend its file."
    case .none: "There is no Fernet key yet."
    case .noRandomness: sentence
    }
  }

  /// Which it is, and what the operator can do.
  var sentence: String {
    switch self {
    case .missing(let path):
      "The Fernet key file \(path) is missing, and the database holds tokens that need it: put the file back."
    case .unreadable(let path, let reason):
      "The Fernet key file \(path) cannot be read (\(reason)): make it readable for the account of the program."
    case .unwritable(let path, let reason):
      "A Fernet key file cannot be made at \(path) (\(reason)): make its folder writable for the program."
    case .malformed(let place):
      "\(place) is not a Fernet key: each is 32 bytes in url-safe base64, as metactl key generate prints."
    case .empty(let source):
      "\(source) holds no Fernet key: put one there, as metactl key generate prints."
    case .notText(let path, let failure): "The Fernet key file \(path) \(failure.sentence)"
    case .untrusted(let distrust): distrust.sentence
    case .none(let path): "There is no Fernet key yet; the first token that is stored makes \(path)."
    case .noRandomness:
      "The operating system gave no random bytes for a Fernet key: try again."
    }
  }
}
