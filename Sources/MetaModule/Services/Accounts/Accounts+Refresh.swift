internal import Store
internal import System
internal import Text

extension Accounts {
  static let lastRefreshSetting = "last_refresh_at"

  /// Extends every token with less than half of its life left, each on its own and many at the same time; checks the
  /// others once a day. Where no app is configured, it checks only.
  ///
  /// A new token is written after it has answered a call, and only over the token it was made from. Killed at any
  /// moment, it leaves every row with a token that works; running again does the rest.
  func refresh(_ progress: @escaping ProgressReport) throws -> RefreshReport {
    let store = try services.store()
    let lock = try Descriptor.hold(
      services.configuration.dataDirectory + "/refresh.lock", busy: "Another refresh is going on.")
    defer { lock.unlock() }
    let lease = try store.takeLease("refresh")
    guard lease != nil || !store.isShared else {
      throw OperationError.refused("Another machine is refreshing.")
    }
    defer { if let lease { store.release(lease) } }
    _ = try services.rooms.keyRing()
    try store.expireTokens()
    let run = TokenRun(services, store, try store.tokens(limit: .max), .refresh) { doing, done, all in
      // Where Graph hangs for longer than a lease lasts, another machine may begin, which costs calls and nothing else: a
      // new token is written only over the one that it was made from.
      if let lease { _ = try? store.renew(lease) }
      progress(doing, done, all)
    }
    try run.go()
    var report = RefreshReport()
    report.entries = run.entries
    report.canExtend = services.configuration.app != nil
    for index in report.entries.indices { try weighNews(&report.entries[index], store) }
    try store.setSetting(Self.lastRefreshSetting, to: "\(Timestamp.now)")
    return report
  }

  /// A cron job that mails with every run is soon not read: what is the matter with a token is told when it changes, and
  /// then once a day.
  private func weighNews(_ entry: inout RefreshReport.Entry, _ store: Store) throws {
    let subject = "token \(entry.id)"
    if let trouble = entry.trouble {
      entry.isNews = try store.tell(trouble, of: subject)
    } else {
      try store.forgetNotice(of: subject)
    }
  }
}
