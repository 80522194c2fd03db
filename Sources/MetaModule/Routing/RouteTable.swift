/// Everything that the program answers, in the order of API.md.
package enum RouteTable {
  static let routes: [Route] = [
    // The endpoints of the seed (section 2).
    Route("POST", "/verify-user/", .admin, Endpoints.verifyUser),
    Route("GET", "/pages/", .admin, Endpoints.linkedPages),
    Route("POST", "/sync/", .admin, Endpoints.syncClient),
    Route("GET", "/instagram/<client_id>/", .read, ofClients: true, Endpoints.instagramProfile),
    Route("GET", "/post/<post_id>/", .read, ofClients: true, Endpoints.postDetail),
    // What operators need (section 3).
    Route("GET", "/tokens/", .admin, Endpoints.listTokens),
    Route("POST", "/tokens/", .admin, Endpoints.addToken),
    Route("PATCH", "/tokens/<id>/", .admin, Endpoints.changeToken),
    Route("DELETE", "/tokens/<id>/", .admin, Endpoints.removeToken),
    Route("POST", "/tokens/<id>/check/", .admin, Endpoints.checkToken),
    Route("GET", "/mappings/", .admin, ofClients: true, Endpoints.listMappings),
    Route("DELETE", "/mappings/<id>/", .admin, ofClients: true, Endpoints.removeMapping),
    Route("POST", "/mappings/<id>/refresh/", .admin, ofClients: true, Endpoints.refreshMapping),
    Route("GET", "/session/", .open, looksAtCaller: true, Endpoints.showSession),
    Route("POST", "/session/", .open, Endpoints.signIn),
    Route("DELETE", "/session/", .open, looksAtCaller: true, Endpoints.signOut),
    Route("GET", "/events/", .admin, ofClients: true, Endpoints.listEvents),
    Route("GET", "/apikeys/", .admin, Endpoints.listAPIKeys),
    Route("POST", "/apikeys/", .admin, Endpoints.addAPIKey),
    Route("DELETE", "/apikeys/<id>/", .admin, Endpoints.revokeAPIKey),
    // What the public sees (section 8).
    Route("GET", "/media/<media_id>/<width>/", .public, Endpoints.showPicture),
    Route("GET", "/feeds/", .admin, ofClients: true, Endpoints.listFeeds),
    Route("POST", "/feeds/", .admin, ofClients: true, Endpoints.addFeed),
    Route("PATCH", "/feeds/<id>/", .admin, ofClients: true, Endpoints.changeFeed),
    Route("DELETE", "/feeds/<id>/", .admin, ofClients: true, Endpoints.removeFeed),
    Route(
      "GET", "/feed/<public_id>/", .public, preflight: Endpoints.preflightFeed, Endpoints.showFeed),
    Route("GET", "/feed/<public_id>/embed/", .public, Endpoints.showFeedPage),
    Route("GET", "/health/", .open, Endpoints.health),
    Route("GET", "/openapi.json", .open, Endpoints.showOpenAPI),
  ]

  package static func route(_ method: String, _ path: [String]) -> Route? {
    let method = method == "HEAD" ? "GET" : method
    return routes.first { $0.method == method && $0.matches(path) }
  }

  static func routes(for path: [String]) -> [Route] { routes.filter { $0.matches(path) } }

  /// `Allow` for the routes of one path (RFC 9110, section 10.2.1).
  static func allowedMethods(_ routes: [Route]) -> [String] {
    var methods = routes.map(\.method)
    if methods.contains("GET") { methods.append("HEAD") }
    return methods + ["OPTIONS"]
  }
}
