internal import CPlatform
internal import Glibc

/// A program that is started for one piece of work, reads a descriptor and writes its result, within bounds of time and size.
package enum ChildRun {
  /// How it ended: its exit code; negative: the signal that ended it.
  package struct Outcome: Sendable {
    package let status: Int32
    package let output: [UInt8]
  }

  /// Runs it to its end. With nothing of ours but its input: no environment, no other descriptor, no ignored signal. What it
  /// complains goes nowhere.
  ///
  /// - Parameters:
  ///   - path: of the program.
  ///   - input: its standard input, at the place where the descriptor is.
  ///   - limit: so many bytes of output; whoever writes more is ended.
  ///   - deadline: whoever is not at its end by then is ended.
  /// - Throws: when it cannot be started.
  package static func run(
    _ path: String, _ arguments: [String], input: borrowing Descriptor, outputLimit limit: Int,
    until deadline: Deadline
  ) throws(SystemError) -> Outcome {
    var (readEnd, writeEnd): (Int32, Int32) = (0, 0)
    guard cplatform_pipe(&readEnd, &writeEnd) == 0 else { throw .last }
    let read = Descriptor(owning: readEnd)
    let write = Descriptor(owning: writeEnd)
    let process = try start([path] + arguments, input.number, write.number)
    // The child's end alone is left: when that goes, the output is over.
    try? write.closeReportingErrors()
    let output = self.output(of: read, limit, deadline)
    if output == nil { kill(process, SIGKILL) }
    let status = end(of: process, deadline)
    return Outcome(status: status, output: output ?? [])
  }

  private static func start(
    _ words: [String], _ input: Int32, _ output: Int32
  ) throws(SystemError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (all, none) = (sigset_t(), sigset_t())
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    var process: pid_t = 0
    let code = posix_spawn(&process, words[0], &actions, &attributes, &arguments, &environment)
    guard code == 0 else { throw SystemError(code: code) }
    return process
  }

  /// What it writes until it closes its end; `nil` where that is too much, or takes too long.
  private static func output(
    of pipe: borrowing Descriptor, _ limit: Int, _ deadline: Deadline
  ) -> [UInt8]? {
    var output: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      var wait = pollfd(fd: pipe.number, events: Int16(POLLIN), revents: 0)
      let ready = poll(&wait, 1, deadline.remainingMilliseconds)
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else { return nil }
      let count = read(pipe.number, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return output }
      output += part[..<count]
      guard output.count <= limit else { return nil }
    }
  }

  /// Waits for its end, and brings it about at the deadline: it may have closed its output and go on.
  private static func end(of process: pid_t, _ deadline: Deadline) -> Int32 {
    var status: Int32 = 0
    var pause: UInt32 = 100
    while true {
      if deadline.isPast { kill(process, SIGKILL) }
      let found = waitpid(process, &status, WNOHANG)
      if found == process { break }
      // Somebody else has taken its status: how it ended is not known.
      guard found == 0 || errno == EINTR else { return -SIGKILL }
      usleep(pause)
      pause = min(pause * 2, 5000)
    }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
  }
}
