/// The refusals of throttled calls. Their statuses are the recorded ones: 403 for code 4, 400 for the rest,
/// 429 for none.
extension Refusal {
  /// A throttled call; `minutes` stand in the usage header of Business Use Case limits.
  static func throttled(_ code: Int, pools: UsagePools = .application, minutes: Int = 0) -> Refusal {
    let advice =
      "Wait a bit and try again. For more info, please refer to "
      + "https://developers.facebook.com/docs/graph-api/overview/rate-limiting."
    let text =
      switch code {
      case 4: "Application request limit reached"
      case 17: "User request limit reached"
      case 32: "Page request limit reached"
      case 341: "Application limit reached"
      case 613: "Calls to this api have exceeded the rate limit."
      case 80001: "There have been too many calls to this Page account. \(advice)"
      case 80002: "There have been too many calls to this Instagram account. \(advice)"
      default: "There have been too many calls. \(advice)"
      }
    var refusal = Refusal(code, "(#\(code)) \(text)", status: code == 4 ? 403 : 400)
    if code == 4 { refusal.isTransient = true }
    if code == 17 {
      refusal.subcode = 2_446_079
      refusal.isTransient = true
      refusal.userTitle = "Rate Limit Exceeded"
      refusal.userMessage = "You've made too many requests. Please wait before trying again."
    }
    if minutes > 0 { refusal.headers = pools.headers(percent: 100, minutes: minutes) }
    return refusal
  }
}
