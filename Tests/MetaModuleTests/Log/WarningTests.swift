import Logging
import TestSupport
import Testing

@testable import MetaModule

/// What would be told with every request is told now and then.
@Suite struct `Warnings that repeat` {
  private struct Recorder: LogHandler {
    let lines: Guarded<[String]>
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.withLock { $0.append("\(event.message)") } }
  }

  @Test func `each kind is told once a minute, by whichever worker of a process has it first`() throws {
    let folder = try TemporaryFolder()
    let lines = Guarded<[String]>([])
    let logger = Logger(label: "test") { _ in Recorder(lines: lines) }
    let configuration = try Configuration(environment: [
      "HOME": folder.path, "META_DATA_DIR": folder.path + "/data",
    ])
    let first = Application(configuration: configuration, logger: logger, isServing: true)
    let other = Application(configuration: configuration, logger: logger, shared: first.shared)
    for worker in [first, other, first] {
      worker.rooms.warnOnceAMinute("one")
      worker.rooms.warnOnceAMinute("another")
    }
    #expect(lines.withLock { $0 } == ["one", "another"])
    let limiter = WarningLimiter()
    let now = ContinuousClock.now
    #expect(
      [0, 59, 60, 61, 120].map { limiter.mayWarn(of: "one", at: now + .seconds($0)) } == [
        true, false, true, false, true,
      ])
  }
}
