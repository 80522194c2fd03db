import Glibc
import JSON
import Logging
import TestSupport
import Testing

@testable import MetaModule
@testable import Text

/// When lines of the log are written, and in which order.
struct LogSinkTests {
  /// A log that goes into a pipe.
  private final class Pipe {
    let sink: LogSink
    private let ends: (read: Int32, write: Int32)

    /// - Parameter interval: of a second or more, so that the lines of a test come fast on any machine.
    init(interval: Duration = .seconds(600)) {
      var ends: [Int32] = [0, 0]
      pipe(&ends)
      _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
      self.ends = (ends[0], ends[1])
      sink = LogSink(descriptor: ends[1], interval: interval)
    }

    deinit {
      close(ends.read)
      close(ends.write)
    }

    var writeEnd: Int32 { ends.write }

    /// Puts something else in the place of the end that is written to.
    func replaceEnd(with path: String) {
      let file = open(path, O_WRONLY | O_CLOEXEC)
      dup2(file, ends.write)
      close(file)
    }

    func write(_ line: String, isUrgent: Bool = false) {
      sink.write(Array((line + "\n").utf8), isUrgent: isUrgent)
    }

    /// What was written since the last look.
    var written: String {
      var bytes = [UInt8](repeating: 0, count: 1 << 17)
      let count = read(ends.read, &bytes, bytes.count)
      return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
  }

  @Test func `a line is written at once as long as nobody is at work`() {
    let pipe = Pipe()
    for line in ["one", "two", "three"] {
      pipe.write(line)
      #expect(pipe.written == line + "\n")
    }
  }

  @Test func `a line does nothing to the terminal that shows it`() {
    let pipe = Pipe()
    var line = LogLine(.info, "a\u{1B}[2Jb\u{9B}31m", at: .now)
    line.add("route", "\u{202E}x\u{2028}\u{7F}")
    line.add("graph_traces", ["\u{200F}é"])
    line.write(to: pipe.sink)
    let written = pipe.written
    #expect(
      written.contains(
        #""message":"a\u001b[2Jb\u009b31m","route":"\u202ex\u2028\u007f","graph_traces":["\u200fé"]"#))
  }

  @Test func `lines that come fast are written in their order at the next tick`() {
    let pipe = Pipe()
    pipe.sink.gather(true)
    pipe.write("now", isUrgent: true)
    #expect(pipe.written == "now\n")
    pipe.write("one")
    pipe.write("two")
    #expect(pipe.written == "")
    pipe.sink.gather(true)
    #expect(pipe.written == "one\ntwo\n")
    pipe.write("three")
    pipe.sink.gather(false)
    #expect(pipe.written == "three\n")
    pipe.write("four")
    #expect(pipe.written == "four\n")
  }

  @Test func `a line on its own is written at once, whatever is going on`() {
    let pipe = Pipe(interval: .zero)
    pipe.sink.gather(true)
    pipe.write("one")
    pipe.write("two")
    #expect(pipe.written == "one\ntwo\n")
  }

  @Test func `a warning does not wait, nor what came before it`() {
    let pipe = Pipe()
    pipe.sink.gather(true)
    pipe.write("first", isUrgent: true)
    pipe.write("request")
    pipe.write("warning", isUrgent: true)
    #expect(pipe.written == "first\nrequest\nwarning\n")
  }

  @Test func `not more is gathered than fits`() {
    let pipe = Pipe()
    pipe.sink.gather(true)
    pipe.write("first", isUrgent: true)
    let line = String(repeating: "x", count: 1023)
    for _ in 0..<63 { pipe.write(line) }
    #expect(pipe.written == "first\n")
    pipe.write(line)
    #expect(pipe.written.utf8.count == 1 << 16)
  }

  /// How many lines are missing, where a line tells that.
  private func lost(in line: Substring) -> Int64? {
    (try? JSONValue(parsing: Array(line.utf8)))?["lost"]?.int64
  }

  @Test(arguments: [false, true])
  func `a reader that stalls stops nobody, and is told how much it missed`(_ isServing: Bool) throws {
    nonisolated(unsafe) let pipe = Pipe()
    pipe.sink.gather(isServing)
    let writing = Counter()
    _ = Background {
      for number in 0..<20_000 { pipe.write("line \(number) " + String(repeating: "x", count: 100)) }
      pipe.sink.gather(isServing)
      writing.add()
    }
    try #require(Wait.until { writing.value == 1 }, "still waits for the reader")

    var text = ""
    while case let more = pipe.written, !more.isEmpty {
      text += more
      pipe.sink.gather(isServing)
    }
    let lines = text.split(separator: "\n")
    let losses = lines.compactMap(lost)
    #expect(losses.count == 1)
    #expect(lines.count - 1 + Int(losses.reduce(0, +)) == 20_000)
    // What is there is whole and in order, and the first that were written are not those that are missing.
    let numbers = lines.compactMap { $0.hasPrefix("line ") ? Int($0.split(separator: " ")[1]) : nil }
    #expect(numbers == Array(0..<numbers.count))
    #expect(numbers.count > 2000)
    pipe.write("and on", isUrgent: true)
    #expect(pipe.written == "and on\n")
  }

  @Test func `lines that a full disk did not take are counted`() {
    let pipe = Pipe()
    let copy = fcntl(pipe.writeEnd, F_DUPFD_CLOEXEC, 3)
    defer { close(copy) }
    pipe.replaceEnd(with: "/dev/full")
    for line in ["one", "two", "three"] { pipe.write(line) }
    pipe.replaceEnd(with: "/proc/self/fd/\(copy)")
    pipe.write("four")
    let lines = pipe.written.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first.flatMap(lost) == 3)
    #expect(lines.last == "four")
  }

  @Test func `a line longer than a pipe takes at once goes out whole`() {
    let pipe = Pipe()
    let long = String(repeating: "x", count: 10_000)
    pipe.write(long)
    pipe.write("short")
    #expect(pipe.written == long + "\nshort\n")
  }
}
