internal import Graph

extension GraphFailure {
  var sentence: String {
    let told = code.map { code in " (code \(code)\(subcode.map { "/\($0)" } ?? ""))" } ?? ""
    switch kind {
    case .refused(.expired): return "it has expired\(told)"
    case .refused(.passwordChanged): return "its owner has changed the password, or Meta has ended it\(told)"
    case .refused(.appRemoved): return "its owner has removed the app\(told)"
    case .refused(.revoked): return "it was revoked, or its owner has logged out\(told)"
    case .refused(.loginRequired): return "its owner has to log in at Facebook; it works again then\(told)"
    case .refused(.invalid), .pageTokenRefused: return "Graph calls it invalid\(told)"
    case .permissionMissing: return "it lacks a permission\(told)"
    case .throttled: return "too many calls; later runs try again\(told)"
    case .timedOut: return "Graph did not answer in time"
    case .appRefused(let trouble): return trouble.sentence
    case .unfit(let misfit): return misfit.sentence
    case .declined: return "Graph declined\(told)"
    case .notFound, .transient, .failed: return "Graph failed, or answered nonsense\(told)"
    }
  }
}
