import Glibc
import Testing

@testable import MetaModule

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
}
