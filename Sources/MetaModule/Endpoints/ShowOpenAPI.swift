internal import JSON

extension Endpoints {
  /// `GET /openapi.json`: the contract, for tools. Open to everyone, since it tells nothing of the installation.
  static func showOpenAPI(_ context: RequestContext) throws(APIError) -> Response {
    let asked = context.request.pathInfo.isEmpty ? context.request.requestURI : context.request.pathInfo
    let hasSlash = asked.prefix { $0 != UInt8(ascii: "?") }.last == UInt8(ascii: "/")
    return Response(
      200, bytes: OpenAPIDocument.json(mountPoint: hasSlash ? ".." : ".").serialized(),
      headers: [("Cache-Control", "public, max-age=300")])
  }
}
