import Cryptography
import TestSupport
import Testing

@Suite struct PasswordHashTests {
  @Test func `a password is recognised and no other`() throws {
    let password = Array("Grüße, 世界".utf8)
    let stored = try PasswordHash.make(password)
    #expect(stored.hasPrefix("scrypt$16384$8$5$"))
    #expect(stored.utf8.count == 83)
    #expect(PasswordHash.verify(password, against: stored))
    #expect(!PasswordHash.verify(password + [1], against: stored))
    #expect(!PasswordHash.verify(Array(password.dropLast()), against: stored))
    #expect(!PasswordHash.verify(Array("grüße, 世界".utf8), against: stored))
    #expect(!PasswordHash.verify([], against: stored))
  }

  @Test func `the same password is stored differently each time`() throws {
    #expect(try PasswordHash.make([1]) != PasswordHash.make([1]))
  }

  @Test func `a password may be empty or hold a zero byte`() throws {
    #expect(PasswordHash.verify([], against: try PasswordHash.make([])))
    let stored = try PasswordHash.make([1, 0, 2])
    #expect(PasswordHash.verify([1, 0, 2], against: stored))
    #expect(!PasswordHash.verify([1, 0, 3], against: stored))
  }

  /// RFC 7914 section 12, its third sample; of a longer hash, the first 32 bytes.
  @Test func `the hash is that of RFC 7914`() throws {
    let salt = Base64URL.encode(Array("SodiumChloride".utf8), padded: false)
    let hash = try Vectors.bytes(
      hexadecimal: "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2")
    let stored = "scrypt$16384$8$1$\(salt)$\(Base64URL.encode(hash, padded: false))"
    #expect(PasswordHash.verify(Array("pleaseletmein".utf8), against: stored))
    // The same numbers and bytes, but not as they are written.
    for (written, other) in [
      ("$16384$", "$016384$"), ("$16384$", "$+16384$"), ("$8$", "$08$"), ("$1$", "$+1$"),
      ("scrypt", "SCRYPT"),
    ] {
      let changed = stored.replacing(written, with: other)
      #expect(changed != stored)
      #expect(!PasswordHash.verify(Array("pleaseletmein".utf8), against: changed), "\(changed)")
    }
    #expect(!PasswordHash.verify(Array("pleaseletmein".utf8), against: stored + "="))
  }

  @Test func `Python computes the same hash`() throws {
    let stored = try PasswordHash.make(Array("correct horse".utf8))
    let lines = try Python.lines(
      """
      import base64, hashlib, sys
      name, n, r, p, salt, _ = sys.stdin.read().strip().split("$")
      salt = base64.urlsafe_b64decode(salt + "==")
      hash = hashlib.scrypt(b"correct horse", salt=salt, n=int(n), r=int(r), p=int(p), maxmem=1 << 26, dklen=32)
      print(base64.urlsafe_b64encode(hash).decode().rstrip("="))
      """, input: [stored])
    #expect(lines.first == stored.split(separator: "$").last.map(String.init))
  }

  @Test func `a text that was never stored matches nothing`() throws {
    let salt = Base64URL.encode([UInt8](repeating: 1, count: 16), padded: false)
    let hash = Base64URL.encode([UInt8](repeating: 1, count: 32), padded: false)
    let texts = [
      "", "$", "$$$$$", "scrypt", "scrypt$16384$8$5$\(salt)", "scrypt$16384$8$5$\(salt)$\(hash)$",
      "bcrypt$16384$8$5$\(salt)$\(hash)", "Scrypt$16384$8$5$\(salt)$\(hash)",
      "scrypt$0$8$5$\(salt)$\(hash)", "scrypt$1$8$5$\(salt)$\(hash)", "scrypt$16383$8$5$\(salt)$\(hash)",
      "scrypt$-16384$8$5$\(salt)$\(hash)", "scrypt$+16384$8$5$\(salt)$\(hash)",
      "scrypt$016384$8$5$\(salt)$\(hash)", "scrypt$16384$0$5$\(salt)$\(hash)",
      "scrypt$16384$8$0$\(salt)$\(hash)",
      // Costs that would stop a worker for minutes or take all the memory.
      "scrypt$1073741824$8$5$\(salt)$\(hash)", "scrypt$131072$8$5$\(salt)$\(hash)",
      "scrypt$16384$1024$5$\(salt)$\(hash)", "scrypt$16384$8$1000000$\(salt)$\(hash)",
      "scrypt$99999999999999999999$8$5$\(salt)$\(hash)",
      "scrypt$16384$8$5$$\(hash)", "scrypt$16384$8$5$\(salt)$", "scrypt$16384$8$5$AQ$\(hash)",
      "scrypt$16384$8$5$\(salt)$AQ", "scrypt$16384$8$5$\(salt)=$\(hash)", "scrypt$16384$8$5$\(salt)$\(hash)=",
    ]
    for text in texts { #expect(!PasswordHash.verify([], against: text), "\(text)") }
  }
}
