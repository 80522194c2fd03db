internal import Glibc
internal import MetaModule

/// Secrets, as a person or a program gives them: never as an argument, which `ps` shows to everyone.
enum SecretInput {
  /// A secret from a file, from a prompt without echo when a person sits there, else from standard input.
  ///
  /// One line; the line break at its end is not part of the secret, nor is an editor's byte order mark at its beginning.
  static func secret(_ prompt: String, file: String?) throws -> Secret {
    let source = file ?? "standard input"
    var descriptor = STDIN_FILENO
    if let file {
      descriptor = open(file, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else {
        throw Complaint("\(file) cannot be read: \(String(cString: strerror(errno))).")
      }
    }
    defer { if descriptor != STDIN_FILENO { close(descriptor) } }
    let bytes =
      isatty(descriptor) == 1 ? try SilentPrompt(descriptor).line(prompt) : try firstLine(descriptor, source)
    let text: String?
    do throws(TextLines.Failure) { text = try TextLines.lines(of: bytes).first } catch {
      throw Complaint("The text of \(source) \(error.sentence) Nothing was changed.")
    }
    guard let text, !text.isEmpty else {
      throw Complaint(
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
      throw Complaint("The two are not the same. Nothing was changed.")
    }
    return first
  }

  private static func firstLine(_ descriptor: Int32, _ source: String) throws -> [UInt8] {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    reading: while true {
      switch read(descriptor, &byte, 1) {
      case 1:
        line.append(byte)
        // A program that keeps the pipe open need not be waited for.
        if byte == UInt8(ascii: "\n") { break reading }
      case 0: break reading
      default:
        if errno == EINTR { continue }
        throw Complaint(
          errno == EISDIR
            ? "\(source) is a folder: name the file in it that holds the secret."
            : "\(source) cannot be read: \(String(cString: strerror(errno))).")
      }
      guard line.count <= 65536 else {
        throw Complaint("The first line of \(source) is too long for a secret.")
      }
    }
    return line
  }
}
