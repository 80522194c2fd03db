internal import Cryptography
package import Store
package import Text

extension Application {
  /// How many bytes an admin password may have. Longer ones would only make a sign-in slow to read.
  package static let passwordLength = 10...256

  /// Sets the password of the admin page, stored as scrypt. Everybody who is signed in has to sign in again.
  ///
  /// - Returns: Whether there was one before.
  package func setAdminPassword(_ password: Secret) throws(OperationError) -> Bool {
    let bytes = Array(password.revealed().utf8)
    guard bytes.count >= Self.passwordLength.lowerBound else {
      throw .refused("The password has fewer than 10 bytes. Nothing was changed.")
    }
    guard bytes.count <= Self.passwordLength.upperBound else {
      throw .refused("The password has more than 256 bytes. Nothing was changed.")
    }
    let hash: String
    do { hash = try PasswordHash.make(bytes) } catch {
      throw .trouble("The password could not be hashed: no randomness or no memory. Nothing was changed.")
    }
    return try operation {
      let hadOne = try store().passwordHash() != nil
      try store().setPasswordHash(hash, event: operatorEvent("admin.set-password"))
      return hadOne
    }
  }

  /// Takes the password and every API key away and ends all sessions; protected mode begins anew.
  ///
  /// - Returns: What there was.
  package func resetCredentials() throws(OperationError) -> Credentials {
    try operation { try store().resetCredentials(event: operatorEvent("admin.reset")) }
  }
}
