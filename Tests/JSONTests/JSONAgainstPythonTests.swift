import JSON
import TestSupport
import Testing

/// Thousands of whole and damaged texts, given to our parser and to Python's `json`: both read the same values,
/// or both refuse with the same words at the same place.
@Suite struct JSONAgainstPythonTests {
  @Test(arguments: UInt64(0)..<8)
  func `a text is read or refused as Python does`(seed: UInt64) throws {
    let texts = Self.texts(seed: seed)
    for (text, theirs) in zip(texts, try Self.askPython(texts)) {
      let ours = Self.verdict(on: text)
      let shown = String(decoding: text, as: UTF8.self)
      #expect(Self.agree(ours, theirs), "seed \(seed): \(shown): \(ours), \(theirs)")
    }
  }

  /// A comparison that cannot fail proves nothing: this parser forgives one comma, and that must be noticed.
  @Test func `a parser that forgives a trailing comma is caught`() throws {
    let texts = Self.texts(seed: 0) + [Array("[1,]".utf8)]
    let disagreements = zip(texts, try Self.askPython(texts)).count { text, theirs in
      var forgiven = text
      if forgiven.suffix(2) == Array(",]".utf8)[...] { forgiven.remove(at: forgiven.count - 2) }
      return !Self.agree(Self.verdict(on: forgiven), theirs)
    }
    #expect(disagreements > 0)
  }

  private static func texts(seed: UInt64) -> [[UInt8]] {
    var random = SeededGenerator(seed: seed)
    return (0..<2_000).map { _ in RandomJSON.damagedText(using: &random) }
  }

  /// The value in both written forms, or the error.
  private static func verdict(on text: [UInt8]) -> String {
    do throws(JSONError) {
      let value = try JSONValue(parsing: text, maximumDepth: 512, loneSurrogates: .replaced)
      return "value \(value.serializedText(escaping: .ascii)) \(value.serialized())"
    } catch {
      return "error \(error.description)"
    }
  }

  private static func agree(_ ours: String, _ theirs: String) -> Bool {
    // Python accepts NaN, and newer versions have a word of their own for a comma too many.
    if theirs == "error" { return ours.hasPrefix("error ") }
    // Python keeps the last of duplicates, so it may go on and stumble over something else.
    if ours.hasPrefix("error Duplicate key") { return theirs.hasPrefix("error ") }
    return ours == theirs
  }

  private static func askPython(_ texts: [[UInt8]]) throws -> [String] {
    let answers = try Python.lines(
      script, input: texts.map { text in text.map { String($0) }.joined(separator: " ") })
    try #require(answers.count == texts.count)
    return answers
  }

  private static let script = #"""
    import json, sys

    class Number(str):
        pass

    class Constant(Exception):
        pass

    def constant(text):
        raise Constant()

    def members(pairs):
        if len({key for key, value in pairs}) < len(pairs):
            raise ValueError("Duplicate key")
        return dict(pairs)

    def written(value, ascii):
        if isinstance(value, Number):
            return str(value)
        if isinstance(value, dict):
            return "{" + ",".join(written(k, ascii) + ":" + written(v, ascii) for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ",".join(written(element, ascii) for element in value) + "]"
        if not ascii:
            return json.dumps(value, ensure_ascii=False)
        # Python escapes DEL here, PHP and we do not.
        parts = [json.dumps(part)[1:-1] for part in value.split("\x7f")] if isinstance(value, str) else None
        return json.dumps(value) if parts is None else '"' + "\x7f".join(parts).replace("/", "\\/") + '"'

    def repaired(value):
        if isinstance(value, dict):
            pairs = [(repaired(key), repaired(element)) for key, element in value.items()]
            return members(pairs)
        if isinstance(value, list):
            return [repaired(element) for element in value]
        if isinstance(value, str) and not isinstance(value, Number):
            return "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in value)
        return value

    for line in sys.stdin:
        try:
            text = bytes(int(number) for number in line.split()).decode("utf-8")
            value = repaired(json.loads(text, object_pairs_hook=members, parse_constant=constant,
                                        parse_int=Number, parse_float=Number))
            plain = list(written(value, False).encode("utf-8"))
            print("value", written(value, True), plain)
        except Constant:
            print("error")
        except ValueError as error:
            trailing = str(error).startswith("Illegal trailing comma")
            print("error" if trailing else "error " + str(error))
    """#
}
