#include "crypto/testing/toy_provider.h"

#include <algorithm>

namespace dormouse::crypto::testing {
namespace {

/// A 64-bit mixing hash over octets and lengths; good enough to notice any change.
class Mix {
 public:
  explicit Mix(std::uint64_t seed) : h_(seed ^ 0x9e3779b97f4a7c15ULL) {}
  Mix& add(ByteView v) {
    for (const auto b : v) h_ = (h_ ^ b) * 0x100000001b3ULL;
    h_ ^= h_ >> 29;
    h_ *= 0xbf58476d1ce4e5b9ULL;
    return *this;
  }
  std::uint64_t next() {
    h_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = (h_ ^ h_ >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
  }
  void fill(MutableBytes out) {
    for (std::size_t i = 0; i < out.size(); i += 8) {
      std::uint64_t v = next();
      for (std::size_t k = i; k < out.size() && k < i + 8; ++k, v >>= 8) out[k] = static_cast<std::uint8_t>(v);
    }
  }

 private:
  std::uint64_t h_;
};

/// Addition modulo 2^256 of octet-wise values: a commutative "group" in which the public value is the private one.
class ToyExchange final : public KeyExchange {
 public:
  ToyExchange(KeId group, Rng& rng) : group_(group), public_(rng.bytes(ke_public_size(group))) {}
  KeId group() const override { return group_; }
  ByteView public_value() const override { return public_; }
  Result<SecretBytes> shared_secret(ByteView peer) override {
    if (peer.size() != public_.size()) return fail(ErrorCode::bad_key_share, "KE");
    if (std::ranges::all_of(peer, [](auto b) { return b == 0; })) return fail(ErrorCode::bad_key_share, "KE");
    SecretBytes out(32);
    auto view = out.reveal_mutable();
    for (std::size_t i = 0; i < peer.size(); ++i)
      view[i % 32] = static_cast<std::uint8_t>(view[i % 32] + peer[i] + public_[i]);
    return out;
  }

 private:
  KeId group_;
  Bytes public_;
};

/// A KEM has two different halves: the ciphertext hides random octets under the encapsulation key.
class ToyKem final : public KeyExchange {
 public:
  ToyKem(KeId group, Rng& rng) : group_(group), public_(rng.bytes(ke_public_size(group))) {}
  KeId group() const override { return group_; }
  ByteView public_value() const override { return public_; }
  Result<SecretBytes> shared_secret(ByteView ciphertext) override {
    if (ciphertext.size() != ke_answer_size(group_)) return fail(ErrorCode::bad_key_share, "KE");
    return secret_of(public_, ciphertext);
  }
  static SecretBytes secret_of(ByteView key, ByteView ciphertext) {
    SecretBytes out(32);
    Mix(4).add(key).add(ciphertext).fill(out.reveal_mutable());
    return out;
  }

 private:
  KeId group_;
  Bytes public_;
};

class ToyCipher final : public IkeCipher {
 public:
  ToyCipher(const Suite& suite, ByteView encr, ByteView integ)
      : iv_(encr_iv_size(suite.encr)),
        block_(encr_block_size(suite.encr)),
        icv_(is_aead(suite.encr) ? 16 : integ_icv_size(suite.integ)),
        encr_(encr),
        integ_(integ) {}
  std::size_t iv_size() const override { return iv_; }
  std::size_t block_size() const override { return block_; }
  std::size_t icv_size() const override { return icv_; }

  Result<void> seal(MutableBytes message, std::size_t header_size, Rng& rng) override {
    if (message.size() < header_size + iv_ + icv_) return fail(ErrorCode::malformed, "SK");
    rng.fill(message.subspan(header_size, iv_));
    crypt(message, header_size);
    tag(message, message.last(icv_));
    return {};
  }
  Result<MutableBytes> open(MutableBytes message, std::size_t header_size) override {
    if (message.size() < header_size + iv_ + icv_) return fail(ErrorCode::auth_failed, "SK");
    Bytes wanted(icv_);
    tag(message, wanted);
    if (!constant_time_equal(wanted, message.last(icv_))) return fail(ErrorCode::auth_failed, "SK");
    crypt(message, header_size);
    return message.subspan(header_size + iv_, message.size() - header_size - iv_ - icv_);
  }

 private:
  void crypt(MutableBytes m, std::size_t header) {
    Bytes stream(m.size() - header - iv_ - icv_);
    Mix(1).add(encr_.reveal()).add(m.subspan(header, iv_)).fill(stream);
    for (std::size_t i = 0; i < stream.size(); ++i) m[header + iv_ + i] ^= stream[i];
  }
  void tag(MutableBytes m, MutableBytes out) {
    Mix(2).add(encr_.reveal()).add(integ_.reveal()).add(m.first(m.size() - icv_)).fill(out);
  }
  std::size_t iv_, block_, icv_;
  SecretBytes encr_, integ_;
};

}  // namespace

Result<std::unique_ptr<KeyExchange>> ToyProvider::key_exchange(KeId group, Rng& rng) {
  if (ke_public_size(group) == 0) return fail(ErrorCode::bad_group, "KE");
  if (is_kem(group)) return std::make_unique<ToyKem>(group, rng);
  return std::make_unique<ToyExchange>(group, rng);
}

Result<KeyAnswer> ToyProvider::answer_key_exchange(KeId group, ByteView peer_public, Rng& rng) {
  if (!is_kem(group)) return Provider::answer_key_exchange(group, peer_public, rng);
  const bool zero = std::ranges::all_of(peer_public, [](auto b) { return b == 0; });
  if (zero || peer_public.size() != ke_public_size(group)) return fail(ErrorCode::bad_key_share, "KE");
  Bytes ciphertext = rng.bytes(ke_answer_size(group));
  auto secret = ToyKem::secret_of(peer_public, ciphertext);
  return KeyAnswer{std::move(ciphertext), std::move(secret)};
}

Result<SecretBytes> ToyProvider::prf(PrfId alg, ByteView key, std::span<const ByteView> parts) {
  SecretBytes out(prf_size(alg));
  if (out.empty()) return fail(ErrorCode::crypto, "prf");
  Bytes all;
  for (const auto p : parts) all.insert(all.end(), p.begin(), p.end());
  Mix(static_cast<std::uint64_t>(alg)).add(key).add(all).fill(out.reveal_mutable());
  return out;
}

Result<std::unique_ptr<IkeCipher>> ToyProvider::ike_cipher(const Suite& suite, ByteView encr_key, ByteView integ_key) {
  return std::make_unique<ToyCipher>(suite, encr_key, integ_key);
}

std::array<std::uint8_t, 20> ToyProvider::sha1(std::span<const ByteView> parts) {
  std::array<std::uint8_t, 20> out{};
  Mix mix(3);
  for (const auto p : parts) mix.add(p);
  mix.fill(out);
  return out;
}

}  // namespace dormouse::crypto::testing
