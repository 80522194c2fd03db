/// Two numbers beside the entries, shared by all processes: cheap to read, and changed by one at a time.
extension FileCache {
  /// As they are now; `nil` when they cannot be read.
  package func tally() -> (count: UInt64, moment: UInt64)? { (try? CacheLedger(in: directory))?.tally }

  /// Changes them; `nil` when nothing can be locked.
  @discardableResult
  package func changeTally<Result>(_ change: (inout (count: UInt64, moment: UInt64)) -> Result) -> Result? {
    guard let ledger = try? CacheLedger(in: directory), ledger.lockBriefly(.tally) == .taken else {
      return nil
    }
    defer { ledger.unlock(.tally) }
    var tally = ledger.tally
    let result = change(&tally)
    ledger.tally = tally
    return result
  }
}
