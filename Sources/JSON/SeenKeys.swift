internal import Text

/// The keys of the object that is being read, to refuse a second one.
///
/// Most objects have a handful of keys, for which comparing is quicker than hashing. Beyond that a set keeps the
/// time linear: a body of 64 KiB has room for ten thousand keys, a Graph answer for half a million. Swift's
/// hashes are seeded per process, so nobody can prepare keys that collide.
struct SeenKeys {
  private struct Key: Hashable {
    let text: String

    static func == (left: Key, right: Key) -> Bool { left.text.isSameBytes(as: right.text) }

    func hash(into hasher: inout Hasher) {
      var text = text
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
  }

  private var few: [Key] = []
  private var many: Set<Key> = []

  /// `false` if the key has been seen before.
  mutating func insert(_ text: String) -> Bool {
    let key = Key(text: text)
    if !many.isEmpty { return many.insert(key).inserted }
    if few.contains(key) { return false }
    few.append(key)
    if few.count > 16 { many = Set(few) }
    return true
  }
}
