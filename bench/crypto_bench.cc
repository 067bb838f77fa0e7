// What cryptography costs on this machine: a packet in batches of 32 as the data path hands them over, and each step of
// a login.
#include <benchmark/benchmark.h>

#include "crypto/engine/engine.h"
#include "crypto/keymat.h"
#include "crypto/openssl/provider.h"
#include "crypto/testing/seeded_rng.h"
#include "crypto/testing/suites.h"

namespace dormouse::crypto {
namespace {

constexpr std::size_t kBatch = 32;
constexpr std::size_t kStride = 2048;
constexpr std::size_t kHeader = 32;

struct Keys {
  Bytes encr, integ;
  explicit Keys(const Suite& s) {
    testing::SeededRng rng(1);
    encr = rng.bytes(encr_key_size(s.encr, s.key_bits));
    integ = rng.bytes(integ_key_size(s.integ));
  }
};

/// Packets of one batch in a buffer, each with `body` octets inside.
struct Batch {
  Bytes octets = Bytes(kBatch * kStride);
  std::vector<EspJob> jobs;
  explicit Batch(std::size_t body) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      auto* esp = octets.data() + i * kStride;
      store32(esp, 0x01020304);
      store32(esp + 4, static_cast<std::uint32_t>(i + 1));
      jobs.push_back({esp, static_cast<std::uint32_t>(body), i + 1, false});
    }
  }
};

void report(benchmark::State& state, std::size_t body) {
  const auto packets = state.iterations() * static_cast<std::int64_t>(kBatch);
  state.SetItemsProcessed(packets);
  state.SetBytesProcessed(packets * static_cast<std::int64_t>(body));
  state.counters["packet"] =
      benchmark::Counter(static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

std::size_t whole_blocks(std::size_t size, const EspCipher& c) { return size - size % c.block_size(); }

void seal_packets(benchmark::State& state, EspProvider& engine, const Suite& s, std::size_t size) {
  const Keys keys(s);
  const auto c = engine.cipher(s, keys.encr, keys.integ, false).value();
  const auto body = whole_blocks(size, *c);
  Batch batch(body);
  for (auto _ : state) {
    c->seal(batch.jobs);
    for (auto& j : batch.jobs) j.seq += kBatch;
  }
  report(state, body);
}

/// Opening destroys the packet, so each round copies sealed ones first: a copy is part of what is measured.
void open_packets(benchmark::State& state, EspProvider& engine, const Suite& s, std::size_t size) {
  const Keys keys(s);
  const auto out = engine.cipher(s, keys.encr, keys.integ, false).value();
  const auto in = engine.cipher(s, keys.encr, keys.integ, true).value();
  const auto body = whole_blocks(size, *in);
  Batch batch(body);
  out->seal(batch.jobs);
  const Bytes sealed = batch.octets;
  const auto whole = 8 + in->iv_size() + body + in->icv_size();
  for (auto _ : state) {
    for (std::size_t i = 0; i < kBatch; ++i) std::memcpy(batch.jobs[i].esp, sealed.data() + i * kStride, whole);
    in->open(batch.jobs);
  }
  for (const auto& j : batch.jobs)
    if (!j.ok) state.SkipWithError("a packet did not verify");
  report(state, body);
}

void key_exchange(benchmark::State& state, KeId group) {
  const auto engine = make_provider();
  const auto rng = make_rng();
  const auto peer = engine->key_exchange(group, *rng).value();
  for (auto _ : state) {
    const auto own = engine->key_exchange(group, *rng).value();
    benchmark::DoNotOptimize(own->shared_secret(peer->public_value()).value());
  }
}

void login_keys(benchmark::State& state, const Suite& s) {
  const auto engine = make_provider();
  testing::SeededRng rng(2);
  const auto ni = rng.bytes(32);
  const auto nr = rng.bytes(32);
  const auto shared = rng.bytes(32);
  for (auto _ : state) {
    const auto seed = skeyseed_initial(*engine, s.prf, ni, nr, shared).value();
    const auto k = derive_ike_keys(*engine, s, seed.reveal(), ni, nr, IkeSpi{1}, IkeSpi{2}).value();
    benchmark::DoNotOptimize(derive_child_keys(*engine, s.prf, s, k.sk_d.reveal(), {}, ni, nr).value());
  }
}

void login_auth(benchmark::State& state) {
  const auto engine = make_provider();
  const Bytes message(400);
  const Bytes nonce(32);
  const Bytes key(32);
  const Bytes id(12);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        psk_auth(*engine, PrfId::hmac_sha2_256, as_bytes("secret"), message, nonce, key, id).value());
}

void make_ike_cipher(benchmark::State& state, const Suite& s) {
  const auto engine = make_provider();
  const Keys keys(s);
  for (auto _ : state) benchmark::DoNotOptimize(engine->ike_cipher(s, keys.encr, keys.integ).value());
}

void make_esp_cipher(benchmark::State& state, EspProvider& engine, const Suite& s) {
  const Keys keys(s);
  for (auto _ : state) benchmark::DoNotOptimize(engine.cipher(s, keys.encr, keys.integ, false).value());
}

void seal_and_open_ike(benchmark::State& state, const Suite& s) {
  const auto engine = make_provider();
  testing::SeededRng rng(3);
  const Keys keys(s);
  const auto c = engine->ike_cipher(s, keys.encr, keys.integ).value();
  Bytes message(kHeader + c->iv_size() + 240 + c->icv_size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(c->seal(message, kHeader, rng));
    benchmark::DoNotOptimize(c->open(message, kHeader).value());
  }
}

void register_packets(const char* label, EspProvider& engine, const Suite& s) {
  const std::string head = std::string(label) + "/" + token_of(s, Protocol::esp);
  for (const std::size_t size : {64U, 1400U}) {
    const auto tail = "/" + std::to_string(size);
    benchmark::RegisterBenchmark((head + "/seal" + tail).c_str(),
                                 [&engine, s, size](benchmark::State& st) { seal_packets(st, engine, s, size); });
    benchmark::RegisterBenchmark((head + "/open" + tail).c_str(),
                                 [&engine, s, size](benchmark::State& st) { open_packets(st, engine, s, size); });
  }
  benchmark::RegisterBenchmark((head + "/key").c_str(),
                               [&engine, s](benchmark::State& st) { make_esp_cipher(st, engine, s); });
}

void register_login() {
  static constexpr std::array<std::pair<const char*, KeId>, 7> kGroups{{{"modp2048", KeId::modp2048},
                                                                        {"modp3072", KeId::modp3072},
                                                                        {"modp4096", KeId::modp4096},
                                                                        {"ecp256", KeId::ecp256},
                                                                        {"ecp384", KeId::ecp384},
                                                                        {"ecp521", KeId::ecp521},
                                                                        {"x25519", KeId::x25519}}};
  for (const auto& [name, group] : kGroups)
    benchmark::RegisterBenchmark((std::string("ike/key_exchange/") + name).c_str(),
                                 [g = group](benchmark::State& st) { key_exchange(st, g); });
  const Suite gcm{EncrId::aes_gcm_16, 128, PrfId::hmac_sha2_256};
  const Suite cbc{EncrId::aes_cbc, 256, PrfId::hmac_sha2_256, IntegId::hmac_sha2_256_128};
  benchmark::RegisterBenchmark("ike/psk_auth", login_auth);
  for (const auto& s : {gcm, cbc}) {
    const auto token = "/" + token_of(s, Protocol::ike);
    benchmark::RegisterBenchmark(("ike/keys" + token).c_str(), [s](benchmark::State& st) { login_keys(st, s); });
    benchmark::RegisterBenchmark(("ike/cipher" + token).c_str(), [s](benchmark::State& st) { make_ike_cipher(st, s); });
    benchmark::RegisterBenchmark(("ike/seal_and_open_240" + token).c_str(),
                                 [s](benchmark::State& st) { seal_and_open_ike(st, s); });
  }
}

}  // namespace
}  // namespace dormouse::crypto

int main(int argc, char** argv) {
  using namespace dormouse;
  const auto fast = crypto::make_esp_provider();
  crypto::openssl::OpensslEspProvider openssl;
  for (const auto& s : crypto::testing::all_esp_suites(EsnId::no)) {
    if (s.integ == IntegId::hmac_sha2_384_192 || s.key_bits == 192) continue;
    if (fast->name() != std::string("openssl") && s.encr == EncrId::aes_gcm_16)
      crypto::register_packets(fast->name(), *fast, s);
    crypto::register_packets("openssl", openssl, s);
  }
  crypto::register_login();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
