internal import Foundation

/// A program that runs beside a test, and does not outlive it.
///
/// What it prints goes to a file, so that it never waits for somebody to read. Ended by its id, when the last
/// reference goes or the tests end.
package final class ChildProcess: @unchecked Sendable {
  private let process: Process
  private let log: String
  private static let running = Guarded<Set<Int32>>([])

  /// Starts it.
  /// - Parameters:
  ///   - path: of the program, or a name that is looked for in `PATH` and `/usr/sbin`.
  ///   - environment: all of it, besides `PATH`.
  ///   - input: what it reads; nothing by default.
  ///   - log: the file for standard output and standard error together.
  package init(
    _ path: String, _ arguments: [String] = [], environment: [String: String] = [:], input: [UInt8] = [],
    log: String
  ) throws {
    self.log = log
    process = Process()
    process.executableURL = URL(filePath: try Self.find(path))
    process.arguments = arguments
    process.environment = environment.merging(["PATH": Self.path]) { own, _ in own }
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    let output = try FileHandle(forWritingTo: URL(filePath: log))
    process.standardOutput = output
    process.standardError = output
    let source = Pipe()
    process.standardInput = source
    // Threads of a test may block signals, which a program would inherit: nobody starts it like that.
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
    try? output.close()
    // A few kilobytes fit into a pipe that nobody reads.
    source.fileHandleForWriting.write(Data(input))
    try? source.fileHandleForWriting.close()
    Self.endAtExit
    let id = pid
    _ = Self.running.withLock { $0.insert(id) }
  }

  deinit { end() }

  /// Its process id.
  package var pid: Int32 { process.processIdentifier }

  /// Whether it has not ended yet.
  package var isRunning: Bool { process.isRunning }

  /// Everything that it has printed so far.
  package var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

  /// Sends it a signal.
  package func send(signal: Int32) { if process.isRunning { kill(pid, signal) } }

  /// Waits until it ends by itself; `nil` when it does not within so many seconds. A signal that ended it is
  /// negative.
  @discardableResult
  package func status(within seconds: Double = 60) -> Int32? {
    let end = ContinuousClock.now + .seconds(seconds)
    while process.isRunning {
      guard ContinuousClock.now < end else { return nil }
      usleep(5000)
    }
    let id = pid
    _ = Self.running.withLock { $0.remove(id) }
    return process.terminationReason == .uncaughtSignal
      ? -process.terminationStatus : process.terminationStatus
  }

  /// Ends it now: with a signal that lets it tidy up (SIGTERM, unless another is given), and by force if it does not go.
  package func end(with signal: Int32? = nil) {
    send(signal: signal ?? SIGTERM)
    if status(within: 20) == nil {
      send(signal: SIGKILL)
      status()
    }
  }

  /// Runs a program to its end and returns what it printed and its status.
  package static func run(
    _ path: String, _ arguments: [String] = [], environment: [String: String] = [:], input: [UInt8] = [],
    seconds: Double = 60
  ) throws -> (status: Int32, output: String) {
    let folder = try TemporaryFolder()
    let child = try ChildProcess(
      path, arguments, environment: environment, input: input, log: folder.path + "/log")
    guard let status = child.status(within: seconds) else { throw Failure("\(path) did not end") }
    return (status, child.output)
  }

  /// The path of a program of this package, built beside the tests.
  package static func ours(_ name: String) -> String {
    let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    // The test bundle may be run by a helper of the toolchain; its own path is then among the arguments.
    let candidates = [own.path] + CommandLine.arguments
    for candidate in candidates {
      let beside = URL(filePath: candidate).deletingLastPathComponent().appending(path: name).path
      if access(beside, X_OK) == 0 { return beside }
    }
    return name
  }

  /// Something about a program went wrong.
  package struct Failure: Error, CustomStringConvertible {
    /// What.
    package let description: String

    init(_ description: String) { self.description = description }
  }

  private static let path =
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"

  private static func find(_ program: String) throws -> String {
    if program.hasPrefix("/") { return program }
    for folder in path.split(separator: ":") where access("\(folder)/\(program)", X_OK) == 0 {
      return "\(folder)/\(program)"
    }
    throw Failure("\(program) is not installed; Tests/run installs it")
  }

  /// What still runs when the test process ends, after a failed requirement for example, is ended with it.
  private static let endAtExit: Void = {
    atexit { ChildProcess.running.withLock { for id in $0 { kill(id, SIGKILL) } } }
  }()
}
