internal import Glibc

/// The picture behind an id: always the same one, and different ids look different.
struct Painting {
  private let side = 320
  private let noise: Noise

  enum Format { case png, jpeg }

  init(_ id: String) { noise = Noise("painting \(id)") }

  /// A sky, a sun and two ranges of hills.
  func landscape(_ format: Format = .png) -> [UInt8] {
    var noise = noise
    let hue = noise.below(360)
    let palette = colors(hue: hue, hillHue: hue + 120 + noise.below(120))
    let sun = (x: 60 + noise.below(200), y: 50 + noise.below(90), radius: 22 + noise.below(26))
    let phases = (0..<4).map { _ in Double(noise.below(628)) / 100 }
    let far = ridge(base: 190, height: 28, phases[0], phases[1])
    let near = ridge(base: 245, height: 22, phases[2], phases[3])
    return paint(palette, format) { x, y in
      if y >= near[x] { return 13 }
      if y >= far[x] { return 12 }
      let dx = x - sun.x
      let dy = y - sun.y
      if dx * dx + dy * dy <= sun.radius * sun.radius { return 14 }
      return sky(x, y, height: far[x])
    }
  }

  /// A head and shoulders before a gradient.
  func portrait(_ format: Format = .png) -> [UInt8] {
    var noise = noise
    let hue = noise.below(360)
    return figure(colors(hue: hue, hillHue: hue + 160), format)
  }

  /// The grey outline of somebody without a picture.
  func silhouette() -> [UInt8] {
    figure(
      (0..<16).map { index in
        let shade: UInt8 = index < 12 ? 228 : 168
        return PNG.Color(red: shade, green: shade, blue: shade)
      })
  }

  private func figure(_ palette: [PNG.Color], _ format: Format = .png) -> [UInt8] {
    paint(palette, format) { x, y in
      let dx = x - 160
      let head = y - 130
      if dx * dx + head * head <= 58 * 58 { return 14 }
      let shoulders = y - 320
      if dx * dx * 2 / 3 + shoulders * shoulders <= 125 * 125 { return 13 }
      return sky(x, y, height: side)
    }
  }

  private func paint(
    _ palette: [PNG.Color], _ format: Format, _ color: (_ x: Int, _ y: Int) -> Int
  ) -> [UInt8] {
    var pixels = [UInt8](repeating: 0, count: side * side)
    for y in 0..<side {
      for x in 0..<side { pixels[y * side + x] = UInt8(truncatingIfNeeded: color(x, y)) }
    }
    return switch format {
    case .png: PNG.encode(width: side, height: side, palette: palette, pixels: pixels)
    case .jpeg: JPEG.encode(side: side, palette: palette, pixels: pixels)
    }
  }

  /// One of twelve shades, every other pixel shifted so that the steps do not show.
  private func sky(_ x: Int, _ y: Int, height: Int) -> Int {
    let shift = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5][(y & 3) * 4 + (x & 3)]
    return min((y * 11 * 16 / max(height, 1) + shift) / 16, 11)
  }

  private func ridge(base: Double, height: Double, _ first: Double, _ second: Double) -> [Int] {
    (0..<side).map { x in
      let place = Double(x) / Double(side)
      return Int(base + height * (sin(place * 6 + first) + 0.5 * sin(place * 15 + second)))
    }
  }

  /// Twelve shades of sky, two of hills, and a light.
  private func colors(hue: Int, hillHue: Int) -> [PNG.Color] {
    let sky = (0..<12).map { step in
      Self.color(
        hue: hue + step * 4, saturation: 0.62 - Double(step) * 0.03, light: 0.42 + Double(step) * 0.04)
    }
    return sky + [
      Self.color(hue: hillHue, saturation: 0.35, light: 0.42),
      Self.color(hue: hillHue, saturation: 0.4, light: 0.26),
      Self.color(hue: hue + 40, saturation: 0.9, light: 0.88),
    ]
  }

  private static func color(hue: Int, saturation: Double, light: Double) -> PNG.Color {
    let chroma = saturation * min(light, 1 - light)
    func channel(_ offset: Double) -> UInt8 {
      let place = (offset + Double(hue % 360) / 30).truncatingRemainder(dividingBy: 12)
      let value = light - chroma * max(-1, min(place - 3, 9 - place, 1))
      return UInt8(max(0, min(255, value * 255)))
    }
    return PNG.Color(red: channel(0), green: channel(8), blue: channel(4))
  }
}
