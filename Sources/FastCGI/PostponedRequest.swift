internal import Glibc
internal import System

/// A request whose handler wants it once more after a while: it waits for what another request is about to bring, and needs
/// neither a thread nor more than its own bytes for that. A web server that has gone meanwhile is noticed.
final class PostponedRequest: HeldRequest, @unchecked Sendable {
  private static let shortest: Int32 = 10
  /// To ask again costs what a warm request costs.
  private static let longest: Int32 = 250

  private let bytes: [UInt8]
  private let memory: Memory
  /// When its handler saw it first.
  let first: ContinuousClock.Instant
  private let pause: Int32
  /// It is to come now.
  var isDue = false

  /// Armed for "takes bytes", which it does, so that a worker gets it at once.
  override var isAnswer: Bool { isDue }
  override var isPostponed: Bool { !isDue }

  /// - Parameter earlier: the same request, where it has been here already.
  init(_ bytes: [UInt8], after earlier: PostponedRequest?, memory: Memory) {
    (self.bytes, self.memory) = (bytes, memory)
    first = earlier?.first ?? .now
    pause = min(Self.longest, earlier.map { $0.pause * 2 } ?? Self.shortest)
    super.init(within: pause)
    memory.add(bytes.count)
  }

  deinit { memory.add(-bytes.count) }

  func openForReading() -> Bool { openForReading(bytes) }

  /// A request without a body, as libfcgi reads it.
  static func framed(_ parameters: ParameterList, id: UInt16, isConnectionKept: Bool) -> [UInt8] {
    var pairs: [UInt8] = []
    parameters.forEach { name, value in
      for count in [name.count, value.count] {
        if count < 128 {
          pairs.append(UInt8(count))
        } else {
          pairs += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0 | ($0 == 24 ? 0x80 : 0)) }
        }
      }
      pairs += name
      pairs += value
    }
    return Record.request(id, isConnectionKept: isConnectionKept, parameters: pairs, body: [], isWhole: true)
  }
}
