import Testing

@testable import Cryptography

@Suite struct KeyRingTests {
  @Test func `what is sealed opens again`() throws {
    let ring = try KeyRing([FernetKey.generate()])
    #expect(try ring.open(ring.seal([1, 2, 3])) == [1, 2, 3])
    #expect(try ring.open(ring.seal([])) == [])
  }
}
