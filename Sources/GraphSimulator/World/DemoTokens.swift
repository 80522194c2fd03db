extension World {
  /// The tokens of the demo, by label. `john`, `maria` and `yusuf` are the three accounts; the others show
  /// what can be wrong with a token.
  mutating func addDemoTokens() {
    let john = "123456789"
    let maria = "122093847561029384"
    let yusuf = "122104958672130495"
    let day = 86_400
    tokens = [
      AccessToken(label: "john", userID: john),
      // The texts that stand for a token in the examples of the documentation.
      AccessToken(label: "example", value: "your_token_here", userID: john),
      AccessToken(label: "example-verify", value: "your_meta_access_token_here", userID: john),
      AccessToken(label: "example-shell", value: "YOUR_ACTUAL_META_ACCESS_TOKEN_HERE", userID: john),
      // Ends in five days.
      AccessToken(label: "maria", userID: maria, issuedAt: GraphTime.now() - 55 * day),
      AccessToken(label: "yusuf", userID: yusuf),
      AccessToken(label: "nora", userID: "122111740382915567", issuedAt: GraphTime.now() - 22 * day),
      AccessToken(label: "ines", userID: "122118263047719804", issuedAt: GraphTime.now() - 9 * day),

      AccessToken(label: "short", userID: john, livesFor: 3600, isShortLived: true),
      AccessToken(label: "forever", userID: john, livesFor: 0),
      AccessToken(label: "one-page", userID: john, pageIDs: ["104567890123"]),
      AccessToken(label: "no-pages", userID: john, pageIDs: []),
      AccessToken(
        label: "no-business", userID: maria,
        scopes: AccessToken.everyScope.filter { $0 != "business_management" }),
      AccessToken(
        label: "no-instagram", userID: john,
        scopes: AccessToken.everyScope.filter { !$0.hasPrefix("instagram") }),
      AccessToken(label: "profile-only", userID: john, scopes: ["public_profile"]),
      AccessToken(label: "wrong-app", userID: john, appID: "401490103558218"),
      // By its date, not by its state.
      AccessToken(label: "expired", userID: john, issuedAt: GraphTime.now() - 90 * day),
    ]
    // A system user's, of 60 days, 40 of which are over.
    var systemUser = AccessToken(label: "system-user", userID: yusuf, issuedAt: GraphTime.now() - 40 * day)
    systemUser.isSystemUser = true
    tokens.append(systemUser)
    for state in TokenState.allCases where state != .active && state != .expired {
      tokens.append(
        AccessToken(
          label: state.rawValue.split(separator: "_").joined(separator: "-"), userID: john, state: state))
    }
    codes["AQDemoCode"] = AuthorizationCode(
      redirectURI: "http://localhost:8000/api/meta/login/", tokenLabel: "john")
  }
}
