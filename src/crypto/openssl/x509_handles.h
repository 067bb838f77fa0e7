// OpenSSL's X.509 objects that free themselves.
#pragma once
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/bytes.h"
#include "crypto/openssl/handles.h"

namespace dormouse::crypto::openssl {

using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using X509Handle = std::unique_ptr<X509, Deleter<X509_free>>;
using CrlHandle = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

/// Whatever OpenSSL has to say about a failure stays in its queue for the next caller to trip over; this empties it.
class QuietErrors {
 public:
  QuietErrors() = default;
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
  ~QuietErrors() { ERR_clear_error(); }
};

/// A BIO that reads borrowed octets.
[[nodiscard]] inline Bio reading(ByteView octets) {
  return Bio(BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size())));
}

}  // namespace dormouse::crypto::openssl
