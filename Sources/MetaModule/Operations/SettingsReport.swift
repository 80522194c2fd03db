internal import Logging

/// One setting as `metactl config` shows it.
public struct Setting: Sendable, Equatable {
  /// `META_DATA_DIR`.
  public let name: String
  /// The value in force; `nil`: none. A secret reads `<redacted>`, and there is no way to ask otherwise.
  public let value: String?
  /// `environment`, the path of the file that sets it, or `default`.
  public let origin: String
}

extension Configuration {
  /// Every setting, in the order of the documentation.
  public var settings: [Setting] {
    Self.names.map { Setting(name: $0, value: value(of: $0), origin: origins[$0] ?? "default") }
  }

  private func value(of name: String) -> String? {
    switch name {
    case "META_DATA_DIR": dataDirectory
    case "META_CACHE_DIR": cacheDirectory
    case "META_CACHE_TTL": String(cacheTTL)
    case "META_CACHE_STALE": String(cacheStale)
    case "META_CACHE_MAX_BYTES": String(cacheMaximumBytes)
    case "META_FERNET_KEYS": fernetKeys?.description
    case "META_GRAPH_URL": graphURL
    case "META_GRAPH_VERSION": graphVersion
    case "META_GRAPH_TIMEOUT": String(graphTimeout)
    case "META_RETRIES": String(retries)
    case "META_BACKOFF_UNIT_MS": String(backoffUnit)
    case "META_REQUEST_BUDGET": String(requestBudget)
    case "META_APP_ID": app?.id
    case "META_APP_SECRET": app?.secret.description
    case "META_WORKERS": String(workers)
    case "META_TRUSTED_PROXIES":
      trustedProxies.networks.isEmpty
        ? nil : trustedProxies.networks.map(\.description).joined(separator: ", ")
    case "META_LOG_LEVEL": logLevel.rawValue
    default: nil
    }
  }
}
