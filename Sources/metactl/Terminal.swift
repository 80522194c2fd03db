internal import Glibc
internal import JSON
internal import System

/// The one door through which everything goes that `metactl` prints.
///
/// Nobody else writes: what a name holds is made visible here, and a write that fails is an error here, since a report
/// that nobody got is not a success.
enum Terminal {
  /// Standard output took less than all.
  struct Unwritten: Error {
    let errno: Int32
    var problem: String { "standard output cannot be written: \(String(cString: strerror(errno)))." }
  }

  /// A sentence: one line, on a screen in as many as it takes.
  static func say(_ sentence: String) throws(Unwritten) {
    try say(wrapped(sentence, on: STDOUT_FILENO).map { Line($0) })
  }

  static func say(_ lines: [Line]) throws(Unwritten) {
    try write(lines.map { $0.text(coloured: hasColours) + "\n" }.joined())
  }

  /// One value on one line: the same for a program, and harmless for a terminal.
  static func say(_ json: JSONValue) throws(Unwritten) {
    try write(json.serializedText(escaping: .unseen) + "\n")
  }

  /// Text of our own, in which nothing stands that came from outside: help, a completion script.
  static func sayVerbatim(_ text: String) throws(Unwritten) {
    try write(text.hasSuffix("\n") ? text : text + "\n")
  }

  /// Sentences on standard error. Where even that cannot be written, nobody is left to be told.
  static func complain(_ sentences: String...) {
    let lines = sentences.flatMap { wrapped($0, on: STDERR_FILENO) }
    try? send(lines.map { $0.visible + "\n" }.joined(), to: STDERR_FILENO)
  }

  /// A prompt, or a line that is drawn anew again and again, on standard error.
  static func draw(_ text: String, over: Bool = false) {
    try? send((over ? "\r" : "") + text.visible + (over ? "\u{1B}[K" : ""), to: STDERR_FILENO)
  }

  static var width: Int? { width(of: STDOUT_FILENO) }

  /// A sentence in lines that break between words, where a person reads.
  static func wrapped(_ sentence: String, on descriptor: Int32 = STDOUT_FILENO) -> [String] {
    guard let width = width(of: descriptor), sentence.visible.columns > width else { return [sentence] }
    return sentence.visible.wrapped(toColumns: width)
  }

  private static func width(of descriptor: Int32) -> Int? {
    var size = winsize()
    guard isatty(descriptor) == 1 else { return nil }
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Colours, where a person reads, unless NO_COLOR is set (https://no-color.org) or the terminal has none.
  private static let hasColours: Bool = {
    if let refusal = getenv("NO_COLOR"), refusal.pointee != 0 { return false }
    return isatty(STDOUT_FILENO) == 1 && getenv("TERM").map { String(cString: $0) != "dumb" } ?? false
  }()

  private static func write(_ text: String) throws(Unwritten) {
    do { try send(text, to: STDOUT_FILENO) } catch { throw Unwritten(errno: error.code) }
  }

  private static func send(_ text: String, to descriptor: Int32) throws(SystemError) {
    try Descriptor.write(Array(text.utf8), to: descriptor)
  }

  /// The last word: a quota or a share may refuse only here what it seemed to take.
  static func finish() throws(Unwritten) {
    if close(STDOUT_FILENO) != 0, errno != EBADF { throw Unwritten(errno: errno) }
  }
}
