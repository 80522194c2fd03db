internal import Synchronization

/// The tokens of a running simulator and what became of them since it started.
final class TokenBook: Sendable {
  private struct State {
    var byValue: [String: AccessToken] = [:]
    var valueByLabel: [String: String] = [:]
    var valueByKey: [String: String] = [:]
    var troubles: [String: PageTrouble] = [:]
    var usedCodes: Set<String> = []
  }

  private let state = Mutex(State())
  private let world: World

  init(_ world: World) {
    self.world = world
    for token in world.tokens { add(token) }
  }

  /// Adds a token, and the long-lived one that it can be exchanged for.
  func add(_ token: AccessToken) {
    state.withLock { state in
      state.byValue[token.value] = token
      state.valueByLabel[token.label] = token.value
      state.valueByKey[TokenMaker.key(of: token.value)] = token.value
    }
    guard token.isShortLived || token.isSystemUser && !token.label.hasSuffix("-long") else { return }
    var long = token
    long.label += "-long"
    long.value = TokenMaker.longLivedToken(from: token.value)
    long.isShortLived = false
    long.expiresAt = (token.isSystemUser ? GraphTime.now() : long.issuedAt) + 60 * 86_400
    long.state = .active
    add(long)
  }

  func token(labelled label: String) -> AccessToken? {
    state.withLock { state in state.valueByLabel[label].flatMap { state.byValue[$0] } }
  }

  /// Every token, by label.
  var all: [AccessToken] {
    state.withLock { Array($0.byValue.values) }.sorted { $0.label < $1.label }
  }

  /// Changes what a token is; false when there is no such label.
  func change(_ label: String, _ body: (inout AccessToken) -> Void) -> Bool {
    state.withLock { state in
      guard let value = state.valueByLabel[label], var token = state.byValue[value] else { return false }
      body(&token)
      state.byValue[value] = token
      return true
    }
  }

  /// Sets or lifts what is wrong between a user and a Page, for all tokens of that user.
  func set(_ trouble: PageTrouble?, userID: String, pageID: String) {
    state.withLock { $0.troubles["\(userID)/\(pageID)"] = trouble }
  }

  func trouble(userID: String, pageID: String) -> PageTrouble? {
    state.withLock { $0.troubles["\(userID)/\(pageID)"] }
  }

  /// Whether anything is wrong between anybody and a Page.
  var hasTroubles: Bool { state.withLock { !$0.troubles.isEmpty } }

  /// Uses an authorization code up; false when that had already happened.
  func use(code: String) -> Bool {
    state.withLock { $0.usedCodes.insert(code).inserted }
  }

  /// Whose token this is, whatever its state.
  func identity(of value: String) -> Identity? {
    if value == "\(world.appID)|\(world.appSecret)" { return .app }
    if let token = state.withLock({ $0.byValue[value] }) { return .user(token) }
    guard let parts = TokenMaker.parts(ofPageToken: value),
      let token = state.withLock({ state in state.valueByKey[parts.key].flatMap { state.byValue[$0] } }),
      TokenMaker.pageToken(userToken: token.value, pageID: parts.pageID) == value
    else { return nil }
    return .page(token, pageID: parts.pageID)
  }

  /// Why Graph refuses this token now; `nil` when it does not.
  func refusal(of identity: Identity, value: String) -> Refusal? {
    switch identity {
    case .nobody, .app: return nil
    case .user(let token):
      return Refusal.token(state(of: token), value: value, appID: token.appID, expiredAt: token.expiresAt)
    case .page(let token, let pageID):
      if let trouble = trouble(userID: token.userID, pageID: pageID) { return Refusal.page(trouble) }
      let state = state(of: token)
      // A Page token that came from a long-lived user token does not end with it.
      if state == .expired && !token.isShortLived { return nil }
      return Refusal.token(state, value: value, appID: token.appID, expiredAt: token.expiresAt)
    }
  }

  private func state(of token: AccessToken) -> TokenState {
    guard token.state == .active, token.expiresAt != 0, token.expiresAt <= GraphTime.now() else {
      return token.state
    }
    return .expired
  }
}
