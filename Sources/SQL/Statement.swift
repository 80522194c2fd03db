/// A statement as data, in what SQLite (3.40 and later) and PostgreSQL (13 and later) both understand; whichever engine
/// there is compiles it when it is first run. `Answer` is what its rows are, `Never` where it has none.
///
/// Parameters are `$1`, `$2` … Flags are integers, times are text that sorts as they do, or seconds since 1970.
package struct Statement<Answer>: Sendable, ExpressibleByStringLiteral {
  let text: StaticString

  package init(stringLiteral text: StaticString) { self.text = text }

  /// The statement with its values: `$1` is the first of them.
  package func callAsFunction(_ values: any Bindable...) -> Query<Answer> {
    Query(text: text, values: values)
  }

  /// The same with values that are counted only when it runs.
  package func callAsFunction(all values: [SQLValue]) -> Query<Answer> { Query(text: text, values: values) }
}

/// A statement with its values.
package struct Query<Answer>: ExpressibleByStringLiteral {
  let text: StaticString
  let values: [any Bindable]

  init(text: StaticString, values: [any Bindable]) {
    self.text = text
    self.values = values
  }

  package init(stringLiteral text: StaticString) { self.init(text: text, values: []) }

  package init(_ text: StaticString, _ values: any Bindable...) { self.init(text: text, values: values) }
}

/// What a statement takes for a parameter.
package protocol Bindable {
  var bound: SQLValue { get }
}

extension SQLValue: Bindable {
  package var bound: SQLValue { self }
}

extension Int64: Bindable {
  package var bound: SQLValue { .integer(self) }
}

extension Int: Bindable {
  package var bound: SQLValue { .integer(Int64(self)) }
}

extension Bool: Bindable {
  package var bound: SQLValue { .integer(self ? 1 : 0) }
}

extension String: Bindable {
  package var bound: SQLValue { .text(self) }
}

extension [UInt8]: Bindable {
  package var bound: SQLValue { .blob(self) }
}

/// NULL for nothing.
extension Optional: Bindable where Wrapped: Bindable {
  package var bound: SQLValue { map(\.bound) ?? .null }
}

extension Bindable where Self: RawRepresentable<String> {
  package var bound: SQLValue { .text(rawValue) }
}

/// What a row of an answer is read as.
package protocol Readable {
  init(reading row: borrowing Row) throws(SQLError)
}

extension Int64: Readable {
  package init(reading row: borrowing Row) throws(SQLError) { self = try row.integer(0) }
}

extension String: Readable {
  package init(reading row: borrowing Row) throws(SQLError) { self = try row.text(0) }
}
