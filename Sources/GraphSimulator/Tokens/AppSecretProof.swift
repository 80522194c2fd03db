/// `appsecret_proof`: that the caller knows the app's secret. Two forms are accepted: the classic one over
/// the token, and the current one over `token|time`, which is good for five minutes.
enum AppSecretProof {
  private static let lifetime = 300

  /// Throws when the proof of a call is wrong, stale, or missing where the app demands one.
  static func check(
    _ parameters: Parameters, token: String, secret: String, isRequired: Bool
  ) throws(Refusal) {
    guard let proof = parameters["appsecret_proof"] else {
      guard !isRequired else {
        throw .proof("API calls from the server require an appsecret_proof argument")
      }
      return
    }
    var message = token
    if let text = parameters["appsecret_time"] {
      guard let time = Int(text), abs(GraphTime.now() - time) <= lifetime else { throw wrong }
      message += "|\(time)"
    }
    guard proof == SHA256.hmacHex(key: Array(secret.utf8), message: Array(message.utf8)) else { throw wrong }
  }

  private static let wrong = Refusal.proof("Invalid appsecret_proof provided in the API argument")
}
