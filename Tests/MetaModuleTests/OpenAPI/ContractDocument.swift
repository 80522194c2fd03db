import JSON

@testable import MetaModule

/// The document as it is served, and what the tests look up in it.
struct ContractDocument {
  let json: JSONValue

  /// Asked for once: a hundred tests look at it.
  private static let served = Result { try Harness().send("GET", "/openapi.json").json }

  init() throws { json = try Self.served.get() }

  /// `GET /tokens/{id}/` and what stands there, in the document's order.
  var operations: [(name: String, json: JSONValue)] {
    (json["paths"]?.object?.members ?? []).flatMap { path, item in
      (item.object?.members ?? []).map { ("\($0.key.uppercased()) \(path)", $0.value) }
    }
  }

  func component(_ kind: String, _ name: String) -> JSONValue? { json["components"]?[kind]?[name] }

  /// The names of the errors by which an operation can end, by status.
  static func errors(of operation: JSONValue) -> [String: [String]] {
    var errors: [String: [String]] = [:]
    for (status, response) in operation["responses"]?.object?.members ?? [] {
      errors[status] = names(in: response)
    }
    return errors
  }

  /// An error that is the only one of its status stands among the components; of several only the examples do.
  private static func names(in response: JSONValue) -> [String] {
    if let name = name(in: response, below: "responses") { return [name] }
    let examples = response["content"]?["application/json"]?["examples"]?.object?.members ?? []
    return examples.compactMap { name(in: $0.value, below: "examples") }
  }

  /// The component to which a reference points, if it is one of that kind.
  static func name(in reference: JSONValue, below kind: String) -> String? {
    let prefix = "#/components/\(kind)/"
    guard let pointer = reference["$ref"]?.string, pointer.hasPrefix(prefix) else { return nil }
    return String(pointer.dropFirst(prefix.count))
  }
}

extension Route {
  /// `/tokens/<id>/` is `/tokens/{id}/` in the document.
  var documentedPath: String { pattern.replacing("<", with: "{").replacing(">", with: "}") }
  /// `GET /tokens/{id}/`.
  var documentedName: String { "\(method) \(documentedPath)" }
}
