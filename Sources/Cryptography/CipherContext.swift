internal import COpenSSL

/// AES-128-CBC with PKCS7 padding, one message per context.
struct CipherContext: ~Copyable {
  enum Direction: Int32 {
    case decrypt = 0
    case encrypt = 1
  }

  /// OpenSSL counts in `Int32`, and the output is up to one block longer than the input.
  static let longestInput = 1 << 30

  private let context: OpaquePointer

  init() throws(CryptographyError) {
    guard let context = EVP_CIPHER_CTX_new() else { throw .libraryFailure(operation: "EVP_CIPHER_CTX_new") }
    self.context = context
  }

  // Overwrites the expanded key, too.
  deinit { EVP_CIPHER_CTX_free(context) }

  /// The whole message at once; `nil` when the padding of a ciphertext is wrong or OpenSSL fails.
  consuming func run(
    _ direction: Direction, _ input: [UInt8], key: FernetKey, vector: [UInt8]
  ) -> [UInt8]? {
    guard vector.count == FernetToken.blockLength, input.count <= Self.longestInput else { return nil }
    let prepared = key.withEncryptionKey {
      EVP_CipherInit_ex(context, EVP_aes_128_cbc(), nil, $0.baseAddress, vector, direction.rawValue) == 1
    }
    var output = [UInt8](repeating: 0, count: input.count + FernetToken.blockLength)
    var written: Int32 = 0
    var rest: Int32 = 0
    let succeeded = output.withUnsafeMutableBufferPointer { output in
      guard prepared, let start = output.baseAddress,
        EVP_CipherUpdate(context, start, &written, input, Int32(input.count)) == 1
      else { return false }
      return EVP_CipherFinal_ex(context, start + Int(written), &rest) == 1
    }
    guard succeeded else {
      // What stays in the thread's queue of errors would be taken for the next caller's, libcurl's for one.
      ERR_clear_error()
      OPENSSL_cleanse(&output, output.count)
      return nil
    }
    output.removeLast(output.count - Int(written + rest))
    return output
  }
}
