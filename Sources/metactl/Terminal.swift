internal import Glibc
internal import MetaModule

/// Standard input and error, as a person or a program uses them.
enum Terminal {
  /// A sentence on standard error.
  static func complain(_ sentence: String) {
    var line = Array((sentence + "\n").utf8)
    _ = write(STDERR_FILENO, &line, line.count)
  }

  /// A secret from a file, from a prompt without echo when a person sits there, else from standard input.
  ///
  /// One line; the line break at its end is not part of the secret.
  static func secret(_ prompt: String, file: String?) throws -> Secret {
    let descriptor: Int32
    if let file {
      descriptor = open(file, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else {
        throw Complaint("\(file) cannot be read: \(String(cString: strerror(errno))).")
      }
    } else {
      descriptor = STDIN_FILENO
    }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    let line = isatty(descriptor) == 1 ? try promptedLine(prompt, descriptor) : try firstLine(descriptor)
    guard !line.isEmpty else {
      throw Complaint("Nothing was given. Type it at the prompt, or send it on standard input.")
    }
    guard let text = String(validating: line, as: UTF8.self) else {
      throw Complaint("What was given is not UTF-8.")
    }
    return Secret(text)
  }

  /// A new secret: at a prompt it is asked for twice, since nobody sees what they type.
  static func newSecret(_ prompt: String, file: String?) throws -> Secret {
    let first = try secret(prompt, file: file)
    guard file == nil, isatty(STDIN_FILENO) == 1 else { return first }
    guard try secret("The same again", file: nil) == first else {
      throw Complaint("The two are not the same. Nothing was changed.")
    }
    return first
  }

  private static func promptedLine(_ prompt: String, _ descriptor: Int32) throws -> [UInt8] {
    var settings = termios()
    tcgetattr(descriptor, &settings)
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(descriptor, TCSAFLUSH, &silent)
    defer {
      tcsetattr(descriptor, TCSAFLUSH, &settings)
      complain("")
    }
    var question = Array((prompt + ": ").utf8)
    _ = write(STDERR_FILENO, &question, question.count)
    return try firstLine(descriptor)
  }

  private static func firstLine(_ descriptor: Int32) throws -> [UInt8] {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while true {
      let count = read(descriptor, &byte, 1)
      if count < 0 && errno == EINTR { continue }
      guard count > 0, byte != UInt8(ascii: "\n") else { break }
      line.append(byte)
      guard line.count <= 65536 else { throw Complaint("What was given is too long.") }
    }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return line
  }
}
