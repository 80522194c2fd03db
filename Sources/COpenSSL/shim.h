#pragma once
// SHA256_Init and its like are deprecated for what they do not do, see copenssl_sha256.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

/// SHA-256 without OpenSSL's providers. To fetch the first digest through EVP reads openssl.cnf and sets up every
/// provider's tables: a quarter of the instructions of a CGI request that is answered from the cache, which needs
/// nothing else of OpenSSL.
static inline void copenssl_sha256(const void *bytes, size_t length, unsigned char *digest) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes, length);
  SHA256_Final(digest, &context);
}
