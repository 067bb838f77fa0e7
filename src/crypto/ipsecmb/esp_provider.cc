#include "crypto/ipsecmb/esp_provider.h"

#include <array>
#include <cstring>
#include <intel-ipsec-mb.h>

namespace dormouse::crypto::ipsecmb {
namespace {

constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kIvSize = 8;
constexpr std::size_t kSaltSize = 4;
constexpr std::size_t kTagSize = 16;

struct FreeManager {
  void operator()(IMB_MGR* m) const { free_mb_mgr(m); }
};
/// After its making only the function pointers of the manager are read, so all ciphers of all threads share one.
using Manager = std::shared_ptr<const IMB_MGR>;

using GcmFunction = aes_gcm_enc_dec_t;

/// The library reads key schedules by aligned loads, but its header says so only where LINUX is defined.
struct alignas(64) ExpandedKey {
  gcm_key_data data;
};

/// What one packet hands to the library beside its body.
struct Inputs {
  std::array<std::uint8_t, kSaltSize + kIvSize> nonce;
  std::array<std::uint8_t, 12> aad;
  std::size_t aad_size;
};

class GcmEsp final : public EspCipher {
 public:
  GcmEsp(Manager manager, ByteView key_and_salt, bool esn, bool inbound) : manager_(std::move(manager)), esn_(esn) {
    const auto key = key_and_salt.first(key_and_salt.size() - kSaltSize);
    std::memcpy(salt_.data(), key_and_salt.data() + key.size(), kSaltSize);
    if (key.size() == 16) {
      IMB_AES128_GCM_PRE(manager_, key.data(), &expanded_.data);
      run_ = inbound ? manager_->gcm128_dec : manager_->gcm128_enc;
    } else {
      IMB_AES256_GCM_PRE(manager_, key.data(), &expanded_.data);
      run_ = inbound ? manager_->gcm256_dec : manager_->gcm256_enc;
    }
  }
  ~GcmEsp() override {
    wipe({reinterpret_cast<std::uint8_t*>(&expanded_), sizeof expanded_});
    wipe(salt_);
  }
  GcmEsp(const GcmEsp&) = delete;
  GcmEsp& operator=(const GcmEsp&) = delete;

  std::size_t iv_size() const override { return kIvSize; }
  std::size_t block_size() const override { return 4; }
  std::size_t icv_size() const override { return kTagSize; }

  void seal(std::span<EspJob> jobs) override {
    gcm_context_data work;
    for (auto& j : jobs) {
      store64(j.esp + kHeaderSize, j.seq);
      const auto in = inputs(j);
      std::uint8_t* body = j.esp + kHeaderSize + kIvSize;
      run_(&expanded_.data, &work, body, body, j.body_size, in.nonce.data(), in.aad.data(), in.aad_size,
           body + j.body_size, kTagSize);
      j.ok = true;
    }
  }

  void open(std::span<EspJob> jobs) override {
    gcm_context_data work;
    std::array<std::uint8_t, kTagSize> tag{};
    for (auto& j : jobs) {
      const auto in = inputs(j);
      std::uint8_t* body = j.esp + kHeaderSize + kIvSize;
      run_(&expanded_.data, &work, body, body, j.body_size, in.nonce.data(), in.aad.data(), in.aad_size, tag.data(),
           kTagSize);
      j.ok = constant_time_equal(tag, {body + j.body_size, kTagSize});
    }
  }

 private:
  /// Nonce: salt and the explicit IV. Associated data: SPI and sequence number, all 64 bits of it with ESN (RFC 4106 4,
  /// 5).
  Inputs inputs(const EspJob& j) const {
    Inputs in;
    std::memcpy(in.nonce.data(), salt_.data(), kSaltSize);
    std::memcpy(in.nonce.data() + kSaltSize, j.esp + kHeaderSize, kIvSize);
    std::memcpy(in.aad.data(), j.esp, 8);
    in.aad_size = 8;
    if (esn_) {
      store64(in.aad.data() + 4, j.seq);
      in.aad_size = 12;
    }
    return in;
  }

  ExpandedKey expanded_{};
  Manager manager_;
  GcmFunction run_;
  std::array<std::uint8_t, kSaltSize> salt_{};
  bool esn_;
};

class IpsecMbEspProvider final : public EspProvider {
 public:
  explicit IpsecMbEspProvider(Manager manager) : manager_(std::move(manager)) {}
  const char* name() const override { return "ipsec-mb"; }
  bool supports(const Suite& s) const override {
    return s.encr == EncrId::aes_gcm_16 && (s.key_bits == 128 || s.key_bits == 256) && s.integ == IntegId::none;
  }
  Result<std::unique_ptr<EspCipher>> cipher(const Suite& s, ByteView encr_key, ByteView integ_key,
                                            bool inbound) override {
    if (!supports(s) || encr_key.size() != encr_key_size(s.encr, s.key_bits) || !integ_key.empty())
      return fail(ErrorCode::crypto, "cipher");
    return std::make_unique<GcmEsp>(manager_, encr_key, s.esn == EsnId::yes, inbound);
  }

 private:
  Manager manager_;
};

/// A manager whose functions suit this processor, or null.
Manager make_manager() {
  std::unique_ptr<IMB_MGR, FreeManager> m(alloc_mb_mgr(0));
  if (!m) return nullptr;
  IMB_ARCH arch = IMB_ARCH_NONE;
  init_mb_mgr_auto(m.get(), &arch);
  constexpr auto kNeeded = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
  if (arch == IMB_ARCH_NONE || imb_get_errno(m.get()) != 0 || (m->features & kNeeded) != kNeeded) return nullptr;
  return m;
}

/// Test cases 2 and 14 of the GCM specification: one block of zeros under a key of zeros.
struct KnownAnswer {
  std::uint16_t key_bits;
  std::array<std::uint8_t, 16> ciphertext;
  std::array<std::uint8_t, 16> tag;
};
constexpr std::array kKnownAnswers{
    KnownAnswer{128,
                {0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92, 0xf3, 0x28, 0xc2, 0xb9, 0x71, 0xb2, 0xfe, 0x78},
                {0xab, 0x6e, 0x47, 0xd4, 0x2c, 0xec, 0x13, 0xbd, 0xf5, 0x3a, 0x67, 0xb2, 0x12, 0x57, 0xbd, 0xdf}},
    KnownAnswer{256,
                {0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18},
                {0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19}}};

bool answers_as_known(const IMB_MGR& m, const KnownAnswer& a) {
  const std::array<std::uint8_t, 32> key{};
  const std::array<std::uint8_t, 12> nonce{};
  std::array<std::uint8_t, 16> block{};
  std::array<std::uint8_t, 16> tag{};
  ExpandedKey expanded;
  gcm_context_data work;
  (a.key_bits == 128 ? m.gcm128_pre : m.gcm256_pre)(key.data(), &expanded.data);
  const auto encrypt = a.key_bits == 128 ? m.gcm128_enc : m.gcm256_enc;
  const auto decrypt = a.key_bits == 128 ? m.gcm128_dec : m.gcm256_dec;
  encrypt(&expanded.data, &work, block.data(), block.data(), block.size(), nonce.data(), nullptr, 0, tag.data(),
          tag.size());
  if (block != a.ciphertext || tag != a.tag) return false;
  decrypt(&expanded.data, &work, block.data(), block.data(), block.size(), nonce.data(), nullptr, 0, tag.data(),
          tag.size());
  return block == std::array<std::uint8_t, 16>{} && tag == a.tag;
}

}  // namespace

std::unique_ptr<EspProvider> make_ipsec_mb_esp_provider() {
  auto manager = make_manager();
  if (!manager) return nullptr;
  for (const auto& a : kKnownAnswers)
    if (!answers_as_known(*manager, a)) return nullptr;
  return std::make_unique<IpsecMbEspProvider>(std::move(manager));
}

}  // namespace dormouse::crypto::ipsecmb
