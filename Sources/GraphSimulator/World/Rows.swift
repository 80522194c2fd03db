/// A list whose rows are made when asked for.
///
/// A generated world has tens of thousands of Pages and millions of posts; only the few that a call
/// reads ever exist.
package struct Rows<Element: Sendable>: Sendable {
  /// How many rows there are.
  package let count: Int
  private let make: @Sendable (Int) -> Element
  private let find: @Sendable (String) -> Int?

  /// Rows that are computed: `make` is asked only for indexes in `0..<count`, `find` gives the index of
  /// the row which belongs to an id.
  package init(
    count: Int, make: @escaping @Sendable (Int) -> Element, find: @escaping @Sendable (String) -> Int?
  ) {
    self.count = count
    self.make = make
    self.find = find
  }

  /// Rows that are written down.
  package init(_ elements: [Element], id: (Element) -> String) {
    var positions: [String: Int] = [:]
    for (position, element) in elements.enumerated() { positions[id(element)] = position }
    let found = positions
    self.init(count: elements.count, make: { elements[$0] }, find: { found[$0] })
  }

  /// The row at `index`.
  package subscript(index: Int) -> Element { make(index) }

  /// The row of this id, if it is in the list.
  package func row(_ id: String) -> Element? { find(id).map { make($0) } }

  /// Every row; for lists known to be short.
  package var all: [Element] { (0..<count).map { make($0) } }
}
