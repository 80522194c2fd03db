import JSON
import Testing

@Suite struct JSONParsingTests {
  @Test func `every kind of value is read`() throws {
    let value = try JSONValue(parsing: #" {"a":[1,-2.5e3,true,false,null,"x"],"b":{}} "#)
    let number = try #require(JSONNumber("-2.5e3"))
    #expect(value == ["a": [1, .number(number), true, false, nil, "x"], "b": [:]])
  }
}
