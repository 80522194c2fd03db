internal import Glibc

/// Takes an answer as it comes in, line by line and piece by piece, and refuses what grows beyond its limits.
///
/// libcurl's own limit (`CURLOPT_MAXFILESIZE`) looks at the announced length alone: it stopped neither 100 MB
/// sent in chunks nor 204 KB of gzip that became 200 MiB. Here the decompressed bytes are counted.
struct ReplyCollector {
  /// All header lines of one transfer together, interim answers and trailers included. Graph sends 2 KB.
  static let maximumHeaderBytes = 65_536

  private let maximumBodyBytes: Int
  private let largeReplies: LargeReplies?
  /// Takes the body in the place of memory.
  private let sink: Int32?
  private var bodyBytes = 0
  private var headerBytes = 0
  private var isHeaderComplete = false
  private var codings = 0

  private(set) var headers = HeaderList()
  private(set) var body: [UInt8] = []
  /// From the moment when the body is a large one.
  private(set) var pass: LargeReplies.Pass?
  /// Why the last piece was refused.
  private(set) var failure: TransferError?

  init(maximumBodyBytes: Int, largeReplies: LargeReplies? = nil, into sink: Int32? = nil) {
    self.sink = sink
    self.maximumBodyBytes = maximumBodyBytes
    self.largeReplies = largeReplies
  }

  /// Takes one header line with its line end; `false` ends the transfer.
  mutating func receiveHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    headerBytes += line.count
    guard headerBytes <= Self.maximumHeaderBytes else {
      return refuse(.tooLarge(limit: Self.maximumHeaderBytes))
    }
    let text = line.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
    if text.starts(with: "HTTP/".utf8) {
      // A status line: the one of the answer, or again after an interim answer (100, 103).
      headers = HeaderList()
      isHeaderComplete = false
      codings = 0
    } else if text.isEmpty {
      isHeaderComplete = true
    } else if !isHeaderComplete, let colon = text.firstIndex(of: UInt8(ascii: ":")) {
      return receiveField(name: text[..<colon], value: Self.trimmed(text[(colon + 1)...]))
    }
    return true
  }

  private mutating func receiveField(
    name: Slice<UnsafeRawBufferPointer>, value: Slice<UnsafeRawBufferPointer>
  ) -> Bool {
    let name = String(decoding: name, as: UTF8.self)
    headers.append(name: name, value: String(decoding: value, as: UTF8.self))
    guard HeaderList.areEqual(name, "Content-Encoding") || HeaderList.areEqual(name, "Transfer-Encoding")
    else {
      return true
    }
    // libcurl undoes up to five compressions laid upon each other, each of which multiplies by a thousand:
    // few bytes could keep the thread busy for minutes before the first one arrives here to be counted.
    for coding in value.split(separator: UInt8(ascii: ",")).map(Self.trimmed)
    where !coding.elementsEqual("chunked".utf8) && !coding.elementsEqual("identity".utf8) {
      codings += 1
    }
    return codings <= 1 || refuse(.broken)
  }

  /// Takes decompressed bytes of the body; `false` ends the transfer.
  mutating func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= maximumBodyBytes - bodyBytes else {
      body = []
      return refuse(.tooLarge(limit: maximumBodyBytes))
    }
    bodyBytes += bytes.count
    if let sink { return write(bytes, to: sink) }
    if body.count + bytes.count > LargeReplies.threshold, body.count <= LargeReplies.threshold {
      if let largeReplies {
        pass = largeReplies.begin()
        guard pass != nil else {
          body = []
          return refuse(.crowded)
        }
      }
      // At once: growing step by step would need the old and the new array side by side.
      body.reserveCapacity(maximumBodyBytes)
    }
    body.append(contentsOf: bytes)
    return true
  }

  private mutating func write(_ bytes: UnsafeRawBufferPointer, to sink: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = Glibc.write(sink, rest.baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return refuse(.notTaken(errno: count < 0 ? errno : ENOSPC)) }
      written += count
    }
    return true
  }

  private mutating func refuse(_ error: TransferError) -> Bool {
    failure = error
    return false
  }

  private static func trimmed(_ text: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
    func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let start = text.drop(while: isSpace)
    guard let last = start.lastIndex(where: { !isSpace($0) }) else { return start.prefix(0) }
    return start[...last]
  }
}
