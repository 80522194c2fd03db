internal import Graph
internal import JSON
internal import Store
internal import Text

extension Endpoints {
  /// `GET /post/<post_id>/`: one medium with its likes and comments, fetched live.
  static func postDetail(_ context: RequestContext) throws -> Response {
    guard FieldRule.postID.accepts(context.capture) else { throw Refusal.postNotFound }
    // Only keys are counted: whoever else may ask is the operator.
    let key: Int64? = if case .apiKey(let id, _, _) = context.caller { id } else { nil }
    let medium = try context.services.posts.medium(
      context.capture, for: context.grant, askedByKey: key)
    return Response(json: .object(medium.detailJSON))
  }
}
