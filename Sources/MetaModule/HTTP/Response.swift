internal import Cache
internal import JSON
package import System
internal import Text

/// One answer: status, headers in the order in which they are sent, and the whole body.
package struct Response: Sendable {
  /// Name and value; no value ever holds a control byte.
  package typealias Header = (name: String, value: String)

  package var status: Int
  /// Everything but `Status` and `Content-Length`, which the door adds.
  package var headers: [Header]
  /// Empty for 204, 304 and `HEAD`.
  package var body: [UInt8]
  /// Stands in the body's place where it is too long to be held.
  package var file: FilePart?
  /// A refusal that need not be: see `Answerable`.
  var passesSoon = false
  /// The cache's entry that the body is, where an equal request of the same second gets the same answer as long as that
  /// stands and nothing is written to the database.
  var validator: EntryValidator?
  /// The length of the body that a `GET` would have; differs from `body.count` only for `HEAD`.
  package var contentLength: Int

  /// JSON with `Cache-Control: no-store`, as every answer that does not say otherwise.
  init(_ status: Int = 200, json: JSONValue, headers: [Header] = []) {
    self.init(status, bytes: json.serialized(), headers: [("Cache-Control", "no-store")] + headers)
  }

  /// JSON that is there as bytes already, with exactly these further headers.
  init(_ status: Int, bytes: [UInt8], type: String = "application/json", headers: [Header]) {
    self.status = status
    self.headers = []
    self.headers.reserveCapacity(headers.count + 3)  // `Application` adds two.
    self.headers.append(("Content-Type", type))
    // One by one: `+=` copies tuples through their description at run time.
    for header in headers { self.headers.append(header) }
    body = bytes
    contentLength = bytes.count
  }

  /// An answer without a body: 204, 304. `Cache-Control: no-store` unless the headers say otherwise.
  init(empty status: Int, headers: [Header] = []) {
    self.status = status
    let saysWhatToCache = headers.contains { $0.name == "Cache-Control" }
    self.headers = saysWhatToCache ? headers : [("Cache-Control", "no-store")] + headers
    body = []
    contentLength = 0
  }

  /// A file, with exactly these headers.
  init(_ status: Int, file: FilePart, headers: [Header]) {
    (self.status, self.headers, self.file) = (status, headers, file)
    body = []
    contentLength = file.count
  }

  consuming func withoutBody() -> Response {
    body = []
    file = nil
    return self
  }

  /// Header block and body in CGI form (RFC 3875, section 6): `Status:` first, one empty line.
  package func cgiHead() -> [UInt8] {
    var head = TextBuffer(capacity: 512)
    head.append("Status: ")
    head.append(decimal: Int64(status))
    head.append(UInt8(ascii: " "))
    head.append(Self.reason(status))
    if status != 204 && status != 304 {
      head.append("\r\nContent-Length: ")
      head.append(decimal: Int64(contentLength))
    }
    for (name, value) in headers {
      head.append("\r\n")
      head.append(text: name)
      head.append(": ")
      head.append(text: value)
    }
    head.append(Self.endOfHead)
    return head.bytes
  }

  static let endOfHead: StaticString = "\r\n\r\n"

  private static func reason(_ status: Int) -> StaticString {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 204: "No Content"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 409: "Conflict"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 429: "Too Many Requests"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: "Internal Server Error"
    }
  }
}
