internal import Text

/// The members of a JSON object in their order. Keys are compared as bytes.
///
/// Objects here have some ten members, so finding one is a walk through the list. Whoever makes one of as many members
/// as a stranger likes does not set them one by one: the parser, and `init(firstOfEach:)`, have a hash of their own.
package struct JSONObject: Sendable {
  /// Keys and values in their order; no key occurs twice.
  package private(set) var members: [(key: String, value: JSONValue)]

  package init() { members = [] }

  /// For the parser, which has already refused duplicates.
  init(distinct members: [(key: String, value: JSONValue)]) { self.members = members }

  /// The members of a form: of several with one name the first counts.
  package init(firstOfEach fields: some Sequence<(name: String, value: String)>) {
    var seen = SeenKeys()
    members = []
    for (name, value) in fields where seen.insert(name) { members.append((name, .string(value))) }
  }

  init(literal elements: [(String, JSONValue)]) {
    members = []
    members.reserveCapacity(elements.count)
    for (key, value) in elements {
      precondition(position(of: key) == nil, "A JSON object literal has a key twice: \(key)")
      members.append((key, value))
    }
  }

  package var count: Int { members.count }

  package var isEmpty: Bool { members.isEmpty }

  package var keys: [String] { members.map(\.key) }

  /// The member of that name. Setting one that exists keeps its place, a new one goes to the end, and `nil`
  /// removes; a member that is `null` reads as `.null`.
  package subscript(key: String) -> JSONValue? {
    get { position(of: key).map { members[$0].value } }
    set {
      switch (position(of: key), newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append((key, value))
      case (nil, nil): break
      }
    }
  }

  private func position(of key: String) -> Int? {
    members.firstIndex { $0.key.isSameBytes(as: key) }
  }
}

extension JSONObject: Sequence {
  package func makeIterator() -> IndexingIterator<[(key: String, value: JSONValue)]> {
    members.makeIterator()
  }
}

extension JSONObject: Equatable {
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members.elementsEqual(right.members) {
      $0.key.isSameBytes(as: $1.key) && $0.value == $1.value
    }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Members in the order of the literal. A key written twice is a programming error.
  package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(literal: elements) }
}
