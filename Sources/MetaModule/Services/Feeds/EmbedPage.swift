internal import Cryptography
internal import HTTPClient
internal import JSON
internal import Text

/// A feed as a page of its own, for a frame, for whoever has no script, and for search engines.
///
/// Without script, without an attribute of style. Every text in it is somebody else's: `HTML` escapes it.
struct EmbedPage {
  private let document: FeedDocument

  init(_ document: FeedDocument) { self.document = document }

  var bytes: [UInt8] {
    let name = document.window.username.map { "@\($0) on Instagram" } ?? "Instagram"
    var page: HTML = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(name)</title>
      <style>\(markup: Self.style(document.settings))</style>
      </head>
      <body>
      <ul aria-label="\(name)">

      """
    for (place, post) in document.selection.posts.enumerated() { add(post, place, to: &page) }
    page += "</ul>\n</body>\n</html>\n"
    return page.bytes
  }

  private func add(_ post: FeedPost, _ place: Int, to page: inout HTML) {
    let settings = document.settings
    let alt = post.alternativeText(username: document.window.username)
    // Whatever Graph says: a link leads to a web page.
    let link = post["permalink"].flatMap { $0.utf8.starts(with: "https://".utf8) ? $0 : nil }
    page += "<li>"
    // Instagram refuses to be shown in a frame.
    if let link { page += "<a href=\"\(link)\" target=\"_blank\" rel=\"noopener\">" }
    if let picture = document.pictures.picture(of: post.json) {
      let size = picture.facts?.size(.medium) ?? settings.ratio.size
      let set = [PictureWidth.small, .medium, .large].map { "\(picture.address($0)) \($0.rawValue)w" }
      let isBelow = place >= settings.columns * 2
      page += """
        <img alt="\(alt)" src="\(picture.address(.medium))" srcset="\(set.joined(separator: ", "))" \
        sizes="\(100 / min(settings.columns, 3))vw" width="\(size.width)" height="\(size.height)"\
        \(markup: isBelow ? " loading=\"lazy\" decoding=\"async\"" : "")>
        """
    } else {
      page += "<span class=\"none\" dir=\"auto\">\(alt)</span>"
    }
    if settings.showsCaptions, let caption = post.caption?.short, !caption.isEmpty {
      page += "<p dir=\"auto\">\(caption)</p>"
    }
    page += link == nil ? "</li>\n" : "</a></li>\n"
  }

  private static func style(_ settings: FeedSettings) -> String {
    let scheme = settings.theme == .auto ? "light dark" : settings.theme.rawValue
    let (width, height) = settings.ratio.size
    return ":root{color-scheme:\(scheme)}"
      + "body{margin:0;font:14px/1.4 system-ui,sans-serif;background:Canvas;color:CanvasText}"
      + "ul{display:grid;grid-template-columns:repeat(\(settings.columns),minmax(0,1fr));gap:\(settings.gap)px;"
      + "margin:0;padding:0;list-style:none}a{display:block;color:inherit;text-decoration:none}"
      + "a:focus-visible{outline:3px solid;outline-offset:-3px}"
      + "img,.none{display:block;box-sizing:border-box;width:100%;height:auto;aspect-ratio:\(width)/\(height);"
      + "object-fit:cover;background:#8884}.none{padding:8px;overflow:hidden}"
      + "p{margin:4px 0 0;overflow-wrap:anywhere}"
      + "@media(max-width:480px){ul{grid-template-columns:repeat(\(min(settings.columns, 3)),minmax(0,1fr))}}"
  }

  /// What the page may load, and who may show it: nothing but its pictures, its own style, and whoever the feed names.
  static func policy(_ settings: FeedSettings, publicURL: String?) -> String {
    let digest = Base64URL.encode(SHA256.digest(Array(style(settings).utf8)), padded: true)
    // The same alphabet but for two signs.
    let base64 = String(
      decoding: digest.utf8.map { byte -> UInt8 in
        switch byte {
        case UInt8(ascii: "-"): UInt8(ascii: "+")
        case UInt8(ascii: "_"): UInt8(ascii: "/")
        default: byte
        }
      }, as: UTF8.self)
    let ancestors = settings.origins.contains(FeedOrigin.any) ? "*" : settings.origins.joined(separator: " ")
    return
      "default-src 'none'; img-src 'self'\(publicURL.map { " \($0)" } ?? ""); style-src 'sha256-\(base64)'; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors \(ancestors.isEmpty ? "'none'" : ancestors)"
  }
}

/// HTML in the making, as bytes. What stands in a literal is ours; what is put into one is somebody else's, and becomes a
/// text, or a value in double quotes.
struct HTML: ExpressibleByStringInterpolation, StringInterpolationProtocol {
  private(set) var bytes: [UInt8] = []

  init(literalCapacity: Int, interpolationCount: Int) {}
  init(stringLiteral literal: String) { bytes = Array(literal.utf8) }
  init(stringInterpolation: HTML) { self = stringInterpolation }

  static func += (page: inout HTML, more: HTML) { page.bytes += more.bytes }

  mutating func appendLiteral(_ literal: String) { bytes += literal.utf8 }
  /// Ours, too.
  mutating func appendInterpolation(markup: String) { bytes += markup.utf8 }
  mutating func appendInterpolation(_ number: Int) { bytes += "\(number)".utf8 }

  mutating func appendInterpolation(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): bytes += "&amp;".utf8
      case UInt8(ascii: "<"): bytes += "&lt;".utf8
      case UInt8(ascii: ">"): bytes += "&gt;".utf8
      case UInt8(ascii: "\""): bytes += "&quot;".utf8
      case UInt8(ascii: "'"): bytes += "&#39;".utf8
      case 0..<0x20 where byte != 0x0A && byte != 0x09, 0x7F: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
  }
}
