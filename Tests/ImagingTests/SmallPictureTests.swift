import CImage
import Testing

@testable import Imaging

@Suite struct SmallPictureTests {
  @Test(arguments: [1, 16, 63, 64, 320, 4096])
  func `it is as wide as was wished, and never wider than it was`(width: Int) throws {
    let small = try SmallPicture(of: SamplePicture().jpeg, width: width, as: .webp)
    #expect((small.width, small.height) == (64, 48))
    let again = try SmallPicture(of: small.bytes, width: 4096, as: .jpeg)
    #expect(again.width == min(width, 64))
    #expect(again.height == max(1, (48 * again.width + 32) / 64))
  }

  /// Where red stands once it is shown, by the number that Exif has for how the camera was held.
  @Test(arguments: [
    (1, "rbrb"), (2, "brbr"), (3, "brbr"), (4, "rbrb"), (5, "rrbb"), (6, "rrbb"), (7, "bbrr"), (8, "bbrr"),
  ])
  func `a phone's picture does not lie on its side`(orientation: UInt8, corners: String) throws {
    for isBigEndian in [false, true] {
      let sample = SamplePicture(orientation: orientation, isBigEndian: isBigEndian)
      let small = try SmallPicture(of: sample.jpeg, width: 32, as: .jpeg)
      #expect((small.width, small.height) == (orientation < 5 ? (64, 48) : (48, 64)))
      #expect(SamplePicture.corners(of: small.bytes) == corners)
    }
  }

  @Test func `each way to write a JPEG is read`() throws {
    for sample in [
      SamplePicture(flags: TJFLAG_PROGRESSIVE), SamplePicture(isGray: true), SamplePicture(isForPrint: true),
      SamplePicture(width: 1, height: 1), SamplePicture(width: 3000, height: 2),
    ] {
      let small = try SmallPicture(of: sample.jpeg, width: 320, as: .jpeg)
      #expect((small.width, small.height) == (sample.width, sample.height))
    }
    let small = try SmallPicture(of: SamplePicture(isForPrint: true).jpeg, width: 64, as: .jpeg)
    #expect(SamplePicture.corners(of: small.bytes) == "rbrb")
  }

  @Test func `wide colours stay what they are, and sRGB's profile stays behind`() throws {
    let wide = SamplePicture(profile: SamplePicture.displayP3).jpeg
    let turned = try SmallPicture(
      of: SamplePicture(orientation: 6, profile: SamplePicture.displayP3).jpeg, width: 32, as: .jpeg)
    #expect(ColorProfile(ofJPEG: turned.bytes)?.bytes == SamplePicture.displayP3)
    #expect(SamplePicture.corners(of: turned.bytes) == "rrbb")
    var (picture, kind) = (wide, SmallPicture.Kind.webp)
    // Each is made of the one before.
    for _ in 0..<4 {
      picture = try SmallPicture(of: picture, width: 32, as: kind).bytes
      let profile = kind == .webp ? ColorProfile(ofWebP: picture) : ColorProfile(ofJPEG: picture)
      #expect(profile?.bytes == SamplePicture.displayP3)
      kind = kind == .webp ? .jpeg : .webp
    }
    for kind in [SmallPicture.Kind.jpeg, .webp] {
      let plain = try SmallPicture(of: SamplePicture().jpeg, width: 32, as: kind).bytes
      for profile in [
        SamplePicture.sRGB, SamplePicture.profile([Int](repeating: 9, count: 9), space: "GRAY"),
        SamplePicture.displayP3 + [UInt8](repeating: 0, count: 4096),
      ] {
        let sample = SamplePicture(profile: profile).jpeg
        #expect(try SmallPicture(of: sample, width: 32, as: kind).bytes == plain)
      }
    }
    let ink = SamplePicture(isForPrint: true, profile: SamplePicture.displayP3).jpeg
    #expect(ColorProfile(ofJPEG: try SmallPicture(of: ink, width: 32, as: .jpeg).bytes) == nil)
  }

  @Test func `a profile that makes no sense is none, wherever it was cut or patched`() throws {
    let profile = SamplePicture.displayP3
    for length in 0..<profile.count {
      let sample = SamplePicture(profile: Array(profile[..<length])).jpeg
      #expect(ColorProfile(ofJPEG: sample) == nil)
    }
    let webp = try SmallPicture(of: SamplePicture(profile: profile).jpeg, width: 32, as: .webp).bytes
    for place in 0..<webp.count {
      var patched = webp
      patched[place] = 0xFF
      for bytes in [patched, Array(webp[..<place])] {
        #expect(ColorProfile(ofWebP: bytes).map { $0.bytes.count <= ColorProfile.mostBytes } != false)
      }
    }
  }

  @Test func `the colour is the mean of all pixels`() throws {
    let small = try SmallPicture(of: SamplePicture().jpeg, width: 32, as: .webp)
    let number = try #require(Int(small.color, radix: 16))
    for (channel, expected) in [(number >> 16, 125), (number >> 8 & 255, 20), (number & 255, 125)] {
      #expect(abs(channel - expected) < 12, "\(small.color)")
    }
  }

  @Test func `a file that was cut anywhere is a picture or an error`() throws {
    let whole = SamplePicture(orientation: 6).jpeg
    let webp = try SmallPicture(of: whole, width: 64, as: .webp).bytes
    for file in [whole, webp] {
      for length in 0..<file.count {
        guard let small = try? SmallPicture(of: Array(file[..<length]), width: 32, as: .jpeg) else {
          continue
        }
        #expect(small.width > 0)
      }
    }
  }

  @Test func `a bomb is refused before it is unpacked`() {
    // A JPEG that claims 65,500 pixels to each side.
    var jpeg = SamplePicture().jpeg
    if let frame = jpeg.indices.dropLast(9).first(where: { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 }) {
      jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0xDC, 0xFF, 0xDC])
    }
    #expect(throws: PictureError.tooLarge) { try SmallPicture(of: jpeg, width: 320, as: .webp) }
    let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    for junk in [[], png, Array("<svg/>".utf8), [0xFF, 0xD8, 0xFF], Array("RIFF1234WEBPVP8X".utf8)] {
      #expect(throws: PictureError.self) { try SmallPicture(of: junk, width: 320, as: .webp) }
    }
  }

  @Test func `a small file that goes over a large picture again and again is refused`() throws {
    var jpeg = SamplePicture(flags: TJFLAG_PROGRESSIVE).jpeg
    let places = jpeg.indices.dropLast()
    let frame = try #require(places.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC2 })
    let last = try #require(places.last { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xDA })
    let pass = Array(jpeg[last..<(jpeg.count - 2)])
    // 49 million pixels, which is not too many for one pass.
    jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0x1B, 0x58, 0x1B, 0x58])
    let small = try SmallPicture(of: jpeg, width: 320, as: .webp)
    #expect((small.width, small.height) == (7000, 7000))
    jpeg.insert(contentsOf: Array(repeating: pass, count: 50).joined(), at: last)
    #expect(throws: PictureError.tooLarge) { try SmallPicture(of: jpeg, width: 320, as: .webp) }
  }
}
