internal import Graph
internal import JSON
internal import Store
internal import Text

/// Collects the Pages that several tokens reach while their answers come in, in whatever order they do.
///
/// A token is asked for `/me/accounts` and, at the same time, for its Business portfolios, since Pages that it reaches
/// only through one of those do not appear in the first list (GRAPH.md, section 3).
final class PageListing {
  /// What one call asked, by the token's place in the list.
  enum Question: Hashable, Sendable {
    case accounts(Int, after: String?)
    case businesses(Int, after: String?)
    /// `owned_pages` or `client_pages` of one portfolio, from a cursor on.
    case portfolio(Int, business: String, edge: String, after: String)

    var token: Int {
      switch self {
      case .accounts(let token, _), .businesses(let token, _), .portfolio(let token, _, _, _): token
      }
    }
  }

  enum Problem {
    case undecryptable
    case graph(GraphFailure)
  }

  struct Findings {
    let token: StoredToken
    let secret: Secret
    var accounts: [GraphPage] = []
    var portfolio: [GraphPage] = []
    var problem: Problem?
    /// Graph was not asked, since the token is blocked until a moment that was remembered.
    var isBlocked = false
    /// Graph listed the token's own Pages, whatever became of its portfolios.
    var isListed = false
    /// A cursor that was followed already: a loop ends there.
    var cursors: Set<String> = []
    /// Graph withholds the Instagram accounts of Pages, which are asked for without.
    var isBarren = false
    /// A list had more rows, and no way to them.
    var isCut = false
    /// Lists of portfolios that were refused for want of a permission, perhaps for want of the accounts' alone.
    var refused: [Question] = []
    /// Lists that were asked for again without them.
    var asked: Set<Question> = []

    /// What is missing from the lists, for a person.
    var flaws: [String] {
      var flaws: [String] = []
      if isBarren { flaws.append(PageListing.barren) }
      if isCut { flaws.append(PageListing.cut) }
      return flaws
    }

    init(token: StoredToken, secret: Secret, problem: Problem? = nil) {
      (self.token, self.secret, self.problem) = (token, secret, problem)
    }

    /// In Graph's order, each Page once.
    var pages: [GraphPage] {
      var seen: Set<String> = []
      return (accounts + portfolio).filter { seen.insert($0.id).inserted }
    }
  }

  private(set) var findings: [Findings] = []
  private static let barren =
    "Meta withholds which Instagram accounts belong to these Pages: the token lacks a permission (instagram_basic, "
    + "pages_read_engagement)."
  private static let cut = "Meta's list of Pages broke off: there are more, and no way to them."
  private static let edges = ["owned_pages", "client_pages"]
  /// Graph's largest page: the fewest calls.
  private static let limit = "100"
  /// A token that reaches more rows than this in one list is not believed: 100,000.
  private static let maximumPages = 1000

  func add(_ new: Findings) { findings.append(new) }

  /// What a token is asked first.
  func firstQuestions(_ index: Int) -> [GraphCall<Question>] {
    var calls = [call(.accounts(index, after: nil))]
    // Where the scopes are known and do not reach portfolios, Graph would only say so.
    if let scopes = findings[index].token.scopes, !scopes.contains("business_management") { return calls }
    calls.append(call(.businesses(index, after: nil)))
    return calls
  }

  /// Takes one outcome, and says what is asked next.
  func take(_ question: Question, _ result: Result<JSONValue, GraphFailure>) -> [GraphCall<Question>] {
    let value: JSONValue
    switch result {
    case .success(let success): value = success
    case .failure(let failure):
      if failure.kind == .permissionMissing { return askBarren(question, failure) }
      note(failure, of: question)
      return []
    }
    switch question {
    case .accounts(let token, _):
      guard let connection = GraphConnection(value) else { return fail(token) }
      findings[token].isListed = true
      findings[token].accounts += connection.rows.compactMap { GraphPage($0) }
      return follow(connection, token, "accounts") { .accounts(token, after: $0) }
    case .businesses(let token, _):
      guard let connection = GraphConnection(value) else { return fail(token) }
      return connection.rows.flatMap { portfolios($0, token) }
        + follow(connection, token, "businesses") { .businesses(token, after: $0) }
    case .portfolio(let token, let business, let edge, _):
      guard let connection = GraphConnection(value) else { return fail(token) }
      return takePortfolio(connection, token, business: business, edge: edge)
    }
  }

  private func portfolios(_ row: JSONValue, _ token: Int) -> [GraphCall<Question>] {
    guard let business = row["id"]?.graphID else { return [] }
    return Self.edges.flatMap { edge in
      GraphConnection(row[edge]).map { takePortfolio($0, token, business: business, edge: edge) } ?? []
    }
  }

  private func takePortfolio(
    _ connection: GraphConnection, _ token: Int, business: String, edge: String
  ) -> [GraphCall<Question>] {
    findings[token].portfolio += connection.rows.compactMap { GraphPage($0) }
    return follow(connection, token, "\(business)/\(edge)") {
      .portfolio(token, business: business, edge: edge, after: $0)
    }
  }

  /// A permission is missing, perhaps for one field alone: the list is asked for without it before it is given up.
  private func askBarren(_ question: Question, _ failure: GraphFailure) -> [GraphCall<Question>] {
    let token = question.token
    if case .accounts = question {
      // Refused without the field as well: so it was not to blame.
      findings[token].isBarren.toggle()
      guard findings[token].isBarren else {
        note(failure, of: question)
        return []
      }
      defer { findings[token].refused = [] }
      return ([question] + findings[token].refused).map(again)
    }
    // Portfolios are asked once more where the Pages' list tells that the field is to blame.
    if !findings[token].isBarren { findings[token].refused.append(question) }
    let isNew = !findings[token].asked.contains(question)
    return findings[token].isBarren && isNew ? [again(question)] : []
  }

  private func again(_ question: Question) -> GraphCall<Question> {
    findings[question.token].asked.insert(question)
    return call(question)
  }

  /// The page behind the cursor, unless that cursor was there before.
  private func follow(
    _ connection: GraphConnection, _ token: Int, _ list: String, _ question: (String) -> Question
  ) -> [GraphCall<Question>] {
    guard let after = connection.after else {
      if connection.isCut { findings[token].isCut = true }
      return []
    }
    // A cursor that leads to itself is how Graph has ended lists.
    guard findings[token].cursors.insert("\(list) \(after)").inserted else { return [] }
    guard findings[token].cursors.count <= Self.maximumPages else {
      findings[token].isCut = true
      return []
    }
    return [call(question(after))]
  }

  private func fail(_ token: Int) -> [GraphCall<Question>] {
    findings[token].problem = findings[token].problem ?? .graph(GraphFailure(.failed))
    return []
  }

  private func note(_ failure: GraphFailure, of question: Question) {
    if case .accounts = question {
    } else {
      // That a token lacks the permission for portfolios is never an error; nor is an edge that it does not know.
      if failure.kind == .permissionMissing || failure.kind == .notFound || failure.code == 100 { return }
    }
    // Of two failures of one token a refusal says more than a busy line.
    if case .graph(let earlier) = findings[question.token].problem, case .refused = earlier.kind { return }
    findings[question.token].problem = .graph(failure)
  }

  private func call(_ question: Question) -> GraphCall<Question> {
    let path: String
    var query = [("limit", Self.limit)]
    let cursor: String?
    let fields = findings[question.token].isBarren ? GraphPage.barrenFields : GraphPage.listFields
    switch question {
    case .accounts(_, let after):
      (path, cursor) = ("me/accounts", after)
      query.append(("fields", fields))
    case .businesses(_, let after):
      (path, cursor) = ("me/businesses", after)
      let pages = Self.edges.map { "\($0).limit(\(Self.limit)){\(fields)}" }
      query.append(("fields", "id," + pages.joined(separator: ",")))
    case .portfolio(_, let business, let edge, let after):
      (path, cursor) = ("\(business)/\(edge)", after)
      query.append(("fields", fields))
    }
    if let cursor { query.append(("after", cursor)) }
    return GraphCall(tag: question, path: path, query: query, token: findings[question.token].secret)
  }
}
