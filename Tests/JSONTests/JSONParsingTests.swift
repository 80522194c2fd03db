import JSON
import Testing

@Suite struct JSONParsingTests {
  @Test func `every kind of value is read`() throws {
    let value = try JSONValue(parsing: #" {"a":[1,-2.5e3,true,false,null,"x"],"b":{}} "#)
    #expect(value == ["a": [1, .number(#require(JSONNumber("-2.5e3"))), true, false, nil, "x"], "b": [:]])
  }
}
