internal import Text

extension Endpoints {
  /// `GET /media/<media_id>/<width>/?v=<proof>`: for everybody, and for browsers to keep for a year.
  static func showPicture(_ context: RequestContext) throws -> Response {
    let picture = try context.services.pictures.picture(
      context.captures[0], context.captures[1], proof: context.query?["v"] ?? "",
      takesWebP: context.request.takesWebP)
    context.record.cache = picture.isHit ? "hit" : "miss"
    let headers: [Response.Header] = [
      ("Content-Type", picture.file.kind.mediaType),
      ("Cache-Control", picture.isFinal ? "public, max-age=31536000, immutable" : "public, max-age=60"),
      ("ETag", picture.file.etag), ("Vary", "Accept"), ("Cross-Origin-Resource-Policy", "cross-origin"),
      ("Content-Security-Policy", "default-src 'none'; sandbox"),
    ]
    if let candidates = context.request.ifNoneMatch, EntityTag.matches(picture.file.etag, candidates) {
      return Response(empty: 304, headers: Array(headers.dropFirst()))
    }
    return Response(200, file: picture.file.content, headers: headers)
  }
}
