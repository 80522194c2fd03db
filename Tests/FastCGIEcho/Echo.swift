internal import FastCGI
internal import Glibc
internal import System

/// What the echo program answers.
struct Echo {
  private let head = Array("Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n".utf8)
  private let content = [UInt8](repeating: UInt8(ascii: "x"), count: 8192)

  func answer(_ exchange: inout Exchange) {
    let path = exchange.parameter("PATH_INFO") ?? ""
    if path == "/static" {
      exchange.write(head, content)
    } else if let count = number(in: path, after: "/size/") {
      exchange.write(head, [UInt8](repeating: UInt8(ascii: "x"), count: count))
    } else if let pause = number(in: path, after: "/sleep/") {
      usleep(UInt32(pause) * 1000)
      exchange.write(head, Array("slept\n".utf8))
    } else if path == "/unread" {
      exchange.write(head, Array("unread\n".utf8))
    } else if path == "/parameters" {
      exchange.write(head, parameters(of: exchange))
    } else if path == "/body" {
      switch exchange.readBody(limit: 65536) {
      case .complete(let body): exchange.write(head, body)
      case .tooLarge: exchange.write(Array("Status: 413 Too Large\r\n\r\n".utf8), [])
      case .lengthRequired: exchange.write(Array("Status: 411 Length Required\r\n\r\n".utf8), [])
      case .incomplete: exchange.write(Array("Status: 400 Bad Request\r\n\r\n".utf8), [])
      }
    } else if path != "/silence" {
      exchange.write(Array("Status: 404 Not Found\r\n\r\n".utf8), [])
    }
  }

  private func number(in path: String, after prefix: String) -> Int? {
    path.hasPrefix(prefix) ? Int(path.dropFirst(prefix.count)) : nil
  }

  private func parameters(of exchange: borrowing Exchange) -> [UInt8] {
    var text: [UInt8] = []
    exchange.forEachParameter { name, value in
      name.withUnsafeBufferPointer { text += $0 }
      text += Array("=\(value.count)\n".utf8)
    }
    return text
  }
}
