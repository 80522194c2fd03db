internal import SQL
package import Text

enum Notices {
  fileprivate static let tell: Statement<Never> = """
    INSERT INTO notice (subject, word, told_at) VALUES ($1, $2, $3)
    ON CONFLICT (subject) DO UPDATE SET word = excluded.word, told_at = excluded.told_at
      WHERE notice.word <> excluded.word OR notice.told_at NOT BETWEEN $4 AND $3
    """
  fileprivate static let any: Statement<Int64> = "SELECT 1 FROM notice WHERE subject = $1"
  static let delete: Statement<Never> = "DELETE FROM notice WHERE subject = $1"
}

/// What operators were told of which row, so that a cron job says it once and not with every run.
extension Store {
  /// The same thing is told again after this long: a bit less than a day, so that a daily run never comes too early.
  static let noticeInterval: Int64 = 20 * 3600

  /// Whether this is to be told now, being new, another thing than the last time, or old enough; it then counts as told.
  package func tell(_ word: String, of subject: String, now: Timestamp = .now) throws(StoreError) -> Bool {
    try run(Notices.tell(subject, word, now.seconds, now.seconds - Self.noticeInterval + 1)) > 0
  }

  /// All is well with it again: the next trouble is news. Writes nothing where nothing was told.
  package func forgetNotice(of subject: String) throws(StoreError) {
    guard try first(Notices.any(subject)) != nil else { return }
    try run(Notices.delete(subject))
  }
}
