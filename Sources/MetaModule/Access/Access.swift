/// Decides who makes a request, and whether that one may.
struct Access {
  private let application: Application

  init(_ application: Application) { self.application = application }

  /// The caller, or the refusal. Open routes are served to everybody, and still told who asks.
  func caller(of request: Request, for route: Route) throws(APIError) -> Caller {
    if ProtectedMode.isDirectAndLocal(request) { return .thisMachine }
    guard route.scope == .open else { throw .forbidden(ProtectedMode.refusal) }
    return .anyone
  }
}
