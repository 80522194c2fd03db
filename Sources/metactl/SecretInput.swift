internal import Glibc
internal import MetaModule
internal import System
internal import Text

/// Secrets, as a person or a program gives them: never as an argument, which `ps` shows to everyone.
enum SecretInput {
  /// A secret from a file, from a prompt without echo when a person sits there, else from standard input.
  ///
  /// One line; the line break at its end is not part of the secret, nor is an editor's byte order mark at its beginning.
  static func secret(_ prompt: String, file: String?) throws -> Secret {
    let bytes = try withInput(file) { descriptor, source in
      if isatty(descriptor) == 1 { return try SilentPrompt(descriptor).line(prompt) }
      return try readBytes(descriptor, source, untilEndOfLine: true)
    }
    guard let text = try lines(of: bytes, file).first, !text.isEmpty else {
      throw CommandError(
        file.map { "The first line of \($0) is empty. Nothing was changed." }
          ?? "Nothing was given: type it at the prompt, send it on standard input, or name a file. Nothing was changed."
      )
    }
    return Secret(text)
  }

  /// A new secret: at a prompt it is asked for twice, since nobody sees what they type.
  static func newSecret(_ prompt: String, file: String?) throws -> Secret {
    let first = try secret(prompt, file: file)
    guard file == nil, isatty(STDIN_FILENO) == 1 else { return first }
    guard try secret("The same again", file: nil) == first else {
      throw CommandError("The two are not the same. Nothing was changed.")
    }
    return first
  }

  /// All of a file, or of standard input, as an editor wrote it.
  static func text(file: String?) throws -> String {
    let bytes = try withInput(file) { try readBytes($0, $1, untilEndOfLine: false) }
    return try lines(of: bytes, file).joined(separator: "\n")
  }

  private static func withInput<Result>(_ file: String?, _ body: (Int32, String) throws -> Result) throws
    -> Result
  {
    guard let file else { return try body(STDIN_FILENO, "standard input") }
    let descriptor = Account.asCaller { Glibc.open(file, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else {
      throw CommandError("\(file) cannot be read: \(String(cString: strerror(errno))).")
    }
    defer { close(descriptor) }
    return try body(descriptor, file)
  }

  private static func lines(of bytes: [UInt8], _ file: String?) throws -> [String] {
    do throws(TextLines.Failure) { return try TextLines.lines(of: bytes) } catch {
      throw CommandError("The text of \(file ?? "standard input") \(error.sentence) Nothing was changed.")
    }
  }

  private static func readBytes(_ descriptor: Int32, _ source: String, untilEndOfLine: Bool) throws -> [UInt8]
  {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    reading: while true {
      switch read(descriptor, &byte, 1) {
      case 1:
        bytes.append(byte)
        // A program that keeps the pipe open need not be waited for.
        if untilEndOfLine, byte == UInt8(ascii: "\n") { break reading }
      case 0: break reading
      default:
        if errno == EINTR { continue }
        throw CommandError(
          errno == EISDIR
            ? "\(source) is a folder: name a file in it."
            : "\(source) cannot be read: \(String(cString: strerror(errno))).")
      }
      guard bytes.count <= 65536 else {
        throw CommandError("\(source) holds more than 64 KiB: that is not it.")
      }
    }
    return bytes
  }
}
