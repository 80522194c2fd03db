internal import Glibc
internal import System
internal import Text

/// Makes smaller pictures by starting `meta-image` for each: at most two at once on this machine, whatever processes there
/// are, and none longer than five seconds.
struct PictureMaker: Sendable {
  struct Made {
    let facts: PictureFacts
    let bytes: [UInt8]
  }

  enum Failure: Error {
    /// The picture is of a type that is not made smaller, or damaged: another try would end alike.
    case unusable
    /// As many as may are at it.
    case busy
    /// It died, took too long, or could not be started.
    case failed(String)
  }

  static let atOnce = 2
  private static let patience: Int32 = 4000
  private static let longest: Int32 = 5000
  /// A picture of 4096 pixels' width that nothing could be saved of.
  private static let mostBytes = 12 << 20

  let program: String
  let folder: PictureFolder

  /// - Parameter picture: where it begins.
  func make(
    of picture: borrowing Descriptor, _ width: Int, _ kind: PictureKind
  ) throws(Failure) -> Made {
    let outcome: ChildRun.Outcome
    do throws(SystemError) {
      let makers = try Descriptor(lockFile: folder.makersPath)
      let isMyTurn = try Deadline.after(milliseconds: Self.patience).wait(every: 3000) {
        () throws(SystemError) in
        try makers.tryLock(oneOf: 0..<Self.atOnce)
      }
      guard isMyTurn else { throw SystemError(code: EBUSY) }
      outcome = try ChildRun.run(
        program, [String(width), kind == .webp ? "webp" : "jpeg"], input: picture,
        outputLimit: Self.mostBytes,
        until: .after(milliseconds: Self.longest))
    } catch {
      throw error.code == EBUSY ? .busy : .failed("\(program) cannot be started: \(error)")
    }
    if outcome.status == 65 { throw .unusable }
    guard outcome.status == 0, let made = Self.read(outcome.output, kind) else {
      throw .failed(
        outcome.status < 0 ? "it was ended by signal \(-outcome.status)" : "it ended with \(outcome.status)")
    }
    return made
  }

  /// `1080 1350 8a7f6c`, and behind that line the picture.
  private static func read(_ output: [UInt8], _ kind: PictureKind) -> Made? {
    guard let end = output.firstIndex(of: UInt8(ascii: "\n")), end < 64 else { return nil }
    let words = String(decoding: output[..<end], as: UTF8.self).split(separator: " ").map(String.init)
    guard words.count == 3, let width = Int(words[0]), let height = Int(words[1]), width > 0, height > 0,
      words[2].utf8.count == 6, words[2].utf8.allSatisfy({ $0.isDigit || (0x61...0x66).contains($0) })
    else { return nil }
    let bytes = Array(output[(end + 1)...])
    guard PictureKind(firstBytes: Array(bytes.prefix(16))) == kind else { return nil }
    return Made(facts: PictureFacts(width: width, height: height, color: "#\(words[2])"), bytes: bytes)
  }
}

extension Configuration {
  /// Where `meta-image` is; `nil`: nowhere, and every width of a picture is the original.
  package var pictureProgram: String? {
    if let imageProgram { return access(imageProgram, X_OK) == 0 ? imageProgram : nil }
    guard let own = ProcessArguments.executable, let slash = own.lastIndex(of: "/") else { return nil }
    // In an account without root meta.fcgi is a copy in the public folder.
    let installed = Self.home(Self.processEnvironment()).map { $0 + "/meta-module/bin/meta-image" }
    return (["meta-image", "../bin/meta-image"].map { own[...slash] + $0 } + (installed.map { [$0] } ?? []))
      .first { access($0, X_OK) == 0 }
  }
}
