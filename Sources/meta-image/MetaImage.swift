internal import CImage
internal import Glibc
internal import Imaging
internal import System

/// `meta-image WIDTH TYPE < PICTURE > RESULT`: makes a smaller picture, in a process that can do nothing else.
///
/// The result's first line is the picture's own width and height and its mean colour, as in `1080 1350 8a7f6c`; the smaller
/// picture follows. It is never larger than the picture was. Exit code 0; 64 for arguments that make no sense, 65 for a
/// picture that cannot be used, 70 for a machine that cannot do it, each with a line on standard error.
@main
enum MetaImage {
  private static let usage = """
    usage: meta-image WIDTH jpeg|webp < PICTURE > RESULT

    Makes a picture of WIDTH (1 to 4096) pixels from a JPEG or WebP picture of 15 MiB at most. The result begins with a line
    that says how wide and high the picture was and its mean colour: 1080 1350 8a7f6c. Started by meta.fcgi.

    """
  static func main() {
    let arguments = ProcessArguments.all.dropFirst()
    if arguments.first == "--help" {
      finish(usage, on: STDOUT_FILENO, status: 0)
    }
    guard arguments.count == 2, let width = arguments.first.flatMap({ Int($0) }), (1...4096).contains(width),
      let kind = arguments.last.flatMap(SmallPicture.Kind.init(rawValue:))
    else { finish(usage, on: STDERR_FILENO, status: 64) }
    // Without filters in the kernel the limits are what there is.
    let refusal = cimage_enter_sandbox()
    guard refusal == 0 || refusal == ENOSYS || refusal == EINVAL else {
      fail("cannot limit itself: error \(refusal)", 70)
    }
    guard let bytes = readAll() else { fail("the picture cannot be read, or has more than 15 MiB", 65) }
    do {
      let small = try SmallPicture(of: bytes, width: width, as: kind)
      let head = "\(small.width) \(small.height) \(small.color)\n"
      exit(write(Array(head.utf8) + small.bytes, to: STDOUT_FILENO) ? 0 : 70)
    } catch .unknownType {
      fail("this is neither JPEG nor WebP", 65)
    } catch .broken {
      fail("the picture is damaged", 65)
    } catch .tooLarge {
      fail("the picture has too many pixels", 65)
    } catch {
      fail("there is not enough memory", 70)
    }
  }

  /// Standard input to its end; `nil` where it cannot be read, or is too long.
  private static func readAll() -> [UInt8]? {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 18)
    while bytes.count <= SmallPicture.mostBytes {
      let count = read(STDIN_FILENO, &part, part.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return bytes }
      bytes += part[..<count]
    }
    return nil
  }

  private static func fail(_ sentence: String, _ status: Int32) -> Never {
    finish("meta-image: \(sentence)\n", on: STDERR_FILENO, status: status)
  }

  private static func finish(_ text: String, on descriptor: Int32, status: Int32) -> Never {
    _ = write(Array(text.utf8), to: descriptor)
    exit(status)
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    (try? Descriptor.write(bytes, to: descriptor)) != nil
  }
}
