import JSON
import Testing

@Suite struct JSONValueTests {
  private let sample: JSONValue = [
    "string": "text", "number": 42, "whole": 1, "truth": true, "none": nil, "list": [1, "two"],
    "object": ["inner": false],
  ]

  @Test func `a value is what it is and nothing else`() {
    #expect(sample["string"]?.string == "text")
    #expect(sample["number"]?.int64 == 42)
    #expect(sample["truth"]?.bool == true)
    #expect(sample["list"]?.array?.count == 2)
    #expect(sample["list"]?[1]?.string == "two")
    #expect(sample["object"]?["inner"]?.bool == false)
    #expect(sample["none"]?.isNull == true)

    #expect(sample["string"]?.int64 == nil)
    #expect(sample["number"]?.string == nil)
    #expect(sample["number"]?.bool == nil)
    #expect(sample["truth"]?.int64 == nil)
    #expect(sample["list"]?.object == nil)
    #expect(sample["object"]?.array == nil)
    #expect(sample["string"]?.number == nil)
    #expect(sample["string"]?["x"] == nil)
    #expect(sample["list"]?[2] == nil)
    #expect(sample["list"]?[-1] == nil)
    #expect(sample["object"]?[0] == nil)
  }

  @Test func `a null member is there and a missing one is not`() {
    #expect(sample["none"] != nil)
    #expect(sample["none"] == .some(.null))
    #expect(sample["missing"] == nil)
  }

  @Test func `absent values become null`() {
    let name: String? = nil
    let count: Int64? = nil
    let value: JSONValue = [
      "a": JSONValue(name), "b": JSONValue(count), "c": JSONValue("x"), "d": JSONValue(5),
    ]
    #expect(value.serializedText() == #"{"a":null,"b":null,"c":"x","d":5}"#)
    #expect(JSONValue(true) == true)
    let interpolated: JSONValue = ["detail": "Method \"\("PUT")\" not allowed."]
    #expect(interpolated["detail"]?.string == "Method \"PUT\" not allowed.")
  }

  @Test func `values are equal when their texts are`() throws {
    #expect(try JSONValue(parsing: " [1, {\"a\": \"\\u00e9\"}]") == [1, ["a": "\u{E9}"]])
    let different: [(JSONValue, JSONValue)] = [
      (1, "1"), (nil, false), (0, false), ([], [:]), ([1], [1, 2]), (["a": 1, "b": 2], ["b": 2, "a": 1]),
      ("\u{E9}", "e\u{301}"), (["\u{E9}": 1], ["e\u{301}": 1]), (1, try JSONValue(parsing: "1.0")),
      (["a": 1], ["a": 2]), ("K", "\u{212A}"),
      // Three bytes each.
      ("\u{212B}", "A\u{30A}"),
    ]
    for (left, right) in different { #expect(left != right) }
  }

  @Test func `a member is replaced in its place, appended or removed`() {
    var object: JSONObject = ["a": 1, "b": 2]
    object["a"] = "new"
    object["c"] = .null
    #expect(JSONValue.object(object).serializedText() == #"{"a":"new","b":2,"c":null}"#)
    object["b"] = nil
    object["missing"] = nil
    #expect(object.keys == ["a", "c"])
    #expect(object.count == 2)
    object["\u{E9}"] = 1
    object["e\u{301}"] = 2
    #expect(object.count == 4)
    #expect(object.map(\.key.utf8.count) == [1, 1, 2, 3])
    #expect(JSONObject().isEmpty)
  }

  @Test func `an object literal with a key twice stops the program`() async {
    await #expect(processExitsWith: .failure) {
      _ = ["a": 1, "a": 2] as JSONValue
    }
  }
}
