/// What `fields=` asks for: `id,name,picture{url},media.limit(3).after(C){id,caption}`.
struct Selection: Sendable, Equatable {
  var fields: [Field]

  /// One field, with its modifiers and what is wanted of it.
  struct Field: Sendable, Equatable {
    var name: String
    var modifiers: [Modifier] = []
    var selection: Selection?

    /// The argument of a modifier, as in `.limit(3)`.
    func argument(_ name: String) -> String? { modifiers.last { $0.name == name }?.argument }
  }

  struct Modifier: Sendable, Equatable {
    var name: String
    var argument: String
  }

  /// Fields by name only.
  init(_ names: [String]) { fields = names.map { Field(name: $0) } }

  init(fields: [Field]) { self.fields = fields }

  /// The text again, for `paging.next`.
  var text: String {
    fields.map { field in
      field.name + field.modifiers.map { ".\($0.name)(\($0.argument))" }.joined()
        + (field.selection.map { "{\($0.text)}" } ?? "")
    }.joined(separator: ",")
  }
}
