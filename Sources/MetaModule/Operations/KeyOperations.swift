internal import Cryptography

/// What `metactl key` does.
public enum KeyOperations {
  /// A new Fernet key: 32 random bytes in url-safe base64 (Fernet specification, "Key format").
  ///
  /// - Throws: when the operating system gives no random bytes.
  public static func generate() throws -> Secret { Secret(try FernetKey.generate().revealed()) }
}
