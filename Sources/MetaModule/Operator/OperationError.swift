internal import Cache
internal import Store

/// Why an operator's command did not do what it was asked: one sentence that says what to do.
package struct OperationError: Error, Sendable, CustomStringConvertible {
  package let description: String
  /// `true`: the installation is out of order; `false`: what was asked cannot be done like this.
  package let isTrouble: Bool

  /// What was asked cannot be done like this; nothing was changed.
  package static func refused(_ sentence: String) -> OperationError {
    OperationError(description: sentence, isTrouble: false)
  }

  /// The installation, or the machine, is out of order.
  package static func trouble(_ sentence: String) -> OperationError {
    OperationError(description: sentence, isTrouble: true)
  }

  private init(description: String, isTrouble: Bool) {
    self.description = description
    self.isTrouble = isTrouble
  }

  /// What a layer below said, in its own sentence.
  init(_ error: any Error) {
    switch error {
    case let error as OperationError: self = error
    case let error as StoreError: self = .trouble(error.sentence)
    case let error as any Answerable:
      let sentence = error.cause ?? error.detail
      self = error.status < 500 ? .refused(sentence) : .trouble(sentence)
    case let error as CacheError: self = .trouble("\(error)")
    default: self = .trouble("Something went wrong that should not: \(error)")
    }
  }
}

/// Hears how far a command is: what it is doing, steps done, steps in all.
package typealias ProgressReport = (_ doing: String, _ done: Int, _ all: Int) -> Void

extension Application {
  /// Runs what several layers may throw from, and says it in the operator's words.
  func operation<Result>(_ body: () throws -> Result) throws(OperationError) -> Result {
    do { return try body() } catch { throw OperationError(error) }
  }

  func operatorEvent(_ action: String, _ subject: String? = nil) -> Event {
    Event(actor: Caller.operator.name ?? "metactl", action: action, subject: subject)
  }

  var services: Services { Services(rooms) { self.operatorEvent($0) } }

  package func refreshTokens(
    progress: @escaping ProgressReport = { _, _, _ in }
  ) throws(OperationError) -> RefreshReport {
    try operation { try services.accounts.refresh(progress) }
  }
}
