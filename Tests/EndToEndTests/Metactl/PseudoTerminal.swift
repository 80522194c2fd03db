import Foundation
import JSON
import TestSupport

/// `metactl` on a terminal of its own, with a person at it who waits for a text and types another.
enum PseudoTerminal {
  struct Outcome {
    /// Everything that was on the screen.
    let screen: String
    /// The exit status; a signal that ended it is negative.
    let status: Int64
    /// Whether the terminal echoes what is typed, after the command has ended.
    let echoes: Bool
  }

  /// - Parameters:
  ///   - steps: what is waited for, and what is typed then; `\u{3}` is Ctrl-C, `\u{1A}` Ctrl-Z (which stops nobody whose parent is in
  ///     another session, but arrives).
  ///   - columns: of the screen.
  static func run(
    _ arguments: [String], in installation: Installation, steps: [(await: String, type: String)] = [],
    columns: Int = 80
  ) throws -> Outcome {
    let script = """
      import fcntl, json, os, select, signal, struct, sys, termios, time
      columns, steps, environment, command = json.loads(sys.argv[1])
      # The other end is kept open, so that the settings can still be read when the command has ended.
      master, other = os.openpty()
      fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
      pid = os.fork()
      if pid == 0:
        os.setsid()
        fcntl.ioctl(other, termios.TIOCSCTTY, 0)
        for descriptor in 0, 1, 2: os.dup2(other, descriptor)
        # Whoever runs the tests may have blocked or ignored what a keyboard sends.
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        for number in signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP: signal.signal(number, signal.SIG_DFL)
        os.execvpe(command[0], command, environment)
      screen, seen, status, end = b'', 0, None, time.time() + 60
      lflags = lambda: termios.tcgetattr(other)[3]
      while time.time() < end:
        if select.select([master], [], [], 0.05)[0]:
          try: data = os.read(master, 65536)
          except OSError: data = b''
          screen += data
        if steps and steps[0][0].encode() in screen[seen:]:
          seen = len(screen)
          os.write(master, steps.pop(0)[1].encode())
        done, raw = os.waitpid(pid, os.WNOHANG)
        if done:
          status = os.waitstatus_to_exitcode(raw)
          break
      else:
        os.kill(pid, signal.SIGKILL)
      while select.select([master], [], [], 0.05)[0]:
        try: data = os.read(master, 65536)
        except OSError: break
        if not data: break
        screen += data
      echoes = bool(lflags() & termios.ECHO)
      print(json.dumps({'screen': screen.decode(), 'status': -99 if status is None else status, 'echoes': echoes}))
      """
    let program = Installation.programs.appending(path: "metactl").path
    var environment = JSONObject()
    for (name, value) in installation.environment { environment[name] = .string(value) }
    let wish: JSONValue = [
      .number(JSONNumber(Int64(columns))), .array(steps.map { [.string($0.await), .string($0.type)] }),
      .object(environment), .array(([program] + arguments).map { .string($0) }),
    ]
    let lines = try Python.lines(script, arguments: [wish.serializedText()])
    let answer = try JSONValue(parsing: lines.last ?? "null")
    return Outcome(
      screen: (answer["screen"]?.string ?? "").replacing("\r\n", with: "\n"),
      status: answer["status"]?.int64 ?? -98, echoes: answer["echoes"]?.bool ?? false)
  }
}
