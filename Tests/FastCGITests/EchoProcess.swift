import Glibc

/// The echo program as a process of its own, killed with the test.
final class EchoProcess {
  let pid: pid_t
  private var status: Int32?
  private let errors: Int32
  private let output: Int32

  /// - Parameters:
  ///   - arguments: after the program's name.
  ///   - input: what becomes descriptor 0; -1 leaves it closed.
  ///   - shell: commands that are run before, such as `ulimit -n 32`.
  ///   - executable: another file than the one that was built.
  init(
    _ arguments: [String], input: Int32? = nil, environment: [String: String] = [:], shell: String? = nil,
    executable: String = EchoProcess.executable
  ) throws {
    let outputs = Self.channel()
    let errors = Self.channel()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input, input >= 0 { posix_spawn_file_actions_adddup2(&actions, input, 0) }
    posix_spawn_file_actions_adddup2(&actions, outputs[1], 1)
    posix_spawn_file_actions_adddup2(&actions, errors[1], 2)
    if input == -1 { posix_spawn_file_actions_addclose(&actions, 0) }
    var command = [executable] + arguments
    if let shell { command = ["/bin/bash", "-c", "\(shell); exec \"$0\" \"$@\""] + command }

    // The test's thread may block signals; the program must not inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    let texts = command.map { strdup($0) } + [nil]
    // Without this ThreadSanitizer makes every program sleep for a second at its end.
    let environment = environment.merging(["TSAN_OPTIONS": "atexit_sleep_ms=0"]) { own, _ in own }
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in texts + variables { free(text) } }
    var pid = pid_t()
    let error = posix_spawn(&pid, command[0], &actions, &attributes, texts, variables)
    close(outputs[1])
    close(errors[1])
    self.pid = pid
    self.output = outputs[0]
    self.errors = errors[0]
    guard error == 0 else { throw NotStarted(errno: error) }
  }

  struct NotStarted: Error { let errno: Int32 }

  deinit {
    if status == nil {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    close(output)
    close(errors)
  }

  /// Two connected ends, which no other test's child inherits.
  static func channel() -> [Int32] {
    var ends: [Int32] = [-1, -1]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
    return ends
  }

  /// Built beside the tests.
  static let executable: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    // The test bundle may be run by a helper of the toolchain; its own path is then among the arguments.
    let candidates =
      [String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)]
      + CommandLine.arguments
    for candidate in candidates {
      guard let slash = candidate.lastIndex(of: "/") else { continue }
      let path = candidate[..<slash] + "/fastcgi-echo"
      if access(String(path), X_OK) == 0 { return String(path) }
    }
    return "fastcgi-echo"
  }()

  /// Waits until something listens at the path, at most a minute.
  static func waitForSocket(_ path: String) -> Bool {
    for _ in 0..<6000 {
      if (try? Client(path)) != nil { return true }
      usleep(10_000)
    }
    return false
  }

  /// Waits until the program takes signals itself, at most a minute; until then they kill it.
  func waitForSignals() -> Bool {
    for _ in 0..<6000 {
      let file = open("/proc/\(pid)/status", O_RDONLY | O_CLOEXEC)
      let status = Self.readAll(file)
      close(file)
      if status.split(separator: "\n").contains("SigBlk:\t0000000000004202") { return true }
      usleep(10_000)
    }
    return false
  }

  func signal(_ number: Int32) { kill(pid, number) }

  /// The exit status, at most a minute from now; 128 + n if signal n killed it, `nil` if it still ran and
  /// had to be killed.
  func exitStatus() -> Int32? {
    for _ in 0..<12_000 where status == nil {
      var raw: Int32 = 0
      if waitpid(pid, &raw, WNOHANG) == pid {
        status = raw & 0x7f == 0 ? raw >> 8 & 0xff : 128 + raw & 0x7f
      } else {
        usleep(5000)
      }
    }
    if status == nil { kill(pid, SIGKILL) }
    return status
  }

  /// What it wrote, to its end.
  func standardOutput() -> String { Self.readAll(output) }
  func standardError() -> String { Self.readAll(errors) }

  private static func readAll(_ descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
      bytes += buffer.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The numbers of its open descriptors.
  var descriptors: Set<Int> {
    var numbers = Set<Int>()
    guard let folder = opendir("/proc/\(pid)/fd") else { return numbers }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let number = Int(name) { numbers.insert(number) }
    }
    return numbers
  }
}
