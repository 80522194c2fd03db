internal import Cryptography
package import Text

/// What `metactl key` does.
package enum KeyOperations {
  /// A new Fernet key: 32 random bytes in url-safe base64 (Fernet specification, "Key format").
  ///
  /// - Throws: when the operating system gives no random bytes.
  package static func generate() throws -> Secret { Secret(try FernetKey.generate().revealed()) }
}
