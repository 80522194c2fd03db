internal import COpenAPI
internal import JSON

extension Endpoints {
  /// `GET /openapi.json`: the contract, for tools. Open to everyone, since it tells nothing of the installation.
  static func showOpenAPI(_ context: RequestContext) throws -> Response {
    let asked = context.request.pathInfo.isEmpty ? context.request.requestURI : context.request.pathInfo
    let hasSlash = asked.prefix { $0 != UInt8(ascii: "?") }.last == UInt8(ascii: "/")
    return Response(
      200, bytes: hasSlash ? OpenAPIDocument.withSlash : OpenAPIDocument.withoutSlash,
      headers: [("Cache-Control", "public, max-age=300")])
  }
}

/// The OpenAPI 3.1 document, `Sources/COpenAPI/openapi.json`, without the file's indentation: 114 kB instead of 200.
///
/// Its server is the mount point as seen from where the document was fetched, so that it holds wherever the program is
/// mounted. Made when the first of people's tools asks, then sent as it is.
private enum OpenAPIDocument {
  static let withoutSlash = document(mountPoint: ".")
  static let withSlash = document(mountPoint: "..")

  private static func document(mountPoint: String) -> [UInt8] {
    let file = Array(UnsafeBufferPointer(start: copenapi_json(), count: copenapi_json_length()))
    guard var document = try? JSONValue(parsing: file).object else {
      preconditionFailure("openapi.json is built in and no JSON object; DocumentTests show where.")
    }
    document["servers"] = [["url": .string(mountPoint)]]
    return JSONValue.object(document).serialized()
  }
}
