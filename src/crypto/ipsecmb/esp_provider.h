// ESP's AES-GCM by intel-ipsec-mb: the AVX code of the library without its job queue, since a packet of a batch is long
// enough by itself to fill the pipeline.
#pragma once
#include <memory>

#include "crypto/esp_suite.h"

namespace dormouse::crypto::ipsecmb {

/// The engine, or null if this processor has no AES or carry-less multiply, or the library fails a known answer.
/// It supports AES-GCM-16 with 128 and 256 bits. Ciphers outlive it; one cipher is used by one thread at a time,
/// different ciphers by any.
[[nodiscard]] std::unique_ptr<EspProvider> make_ipsec_mb_esp_provider();

}  // namespace dormouse::crypto::ipsecmb
