#include "sim/models.h"

namespace dormouse::sim {
namespace {

std::vector<Suite> phase1_suites() {
  std::vector<Suite> out;
  for (const auto bits : {std::uint16_t{128}, std::uint16_t{256}})
    out.push_back({EncrId::aes_cbc, bits, PrfId::hmac_sha2_256, IntegId::hmac_sha2_256_128, KeId::modp2048, EsnId::no});
  out.push_back({EncrId::aes_gcm_16, 128, PrfId::hmac_sha2_256, IntegId::none, KeId::modp2048, EsnId::no});
  out.push_back({EncrId::aes_gcm_16, 256, PrfId::hmac_sha2_384, IntegId::none, KeId::modp2048, EsnId::no});
  out.push_back({EncrId::chacha20_poly1305, 256, PrfId::hmac_sha2_256, IntegId::none, KeId::modp2048, EsnId::no});
  return out;
}

std::vector<Suite> phase2_suites() {
  std::vector<Suite> out;
  for (const auto integ : {IntegId::hmac_sha1_96, IntegId::hmac_sha2_256_128})
    for (const auto bits : {std::uint16_t{128}, std::uint16_t{256}})
      out.push_back({EncrId::aes_cbc, bits, PrfId::none, integ, KeId::modp2048, EsnId::no});
  out.push_back({EncrId::aes_gcm_16, 128, PrfId::none, IntegId::none, KeId::modp2048, EsnId::no});
  out.push_back({EncrId::aes_gcm_16, 256, PrfId::none, IntegId::none, KeId::modp2048, EsnId::no});
  out.push_back({EncrId::chacha20_poly1305, 256, PrfId::none, IntegId::none, KeId::modp2048, EsnId::no});
  return out;
}

config::Phase2 phase2(const std::string& name) {
  config::Phase2 p;
  p.name = name;
  p.phase1 = name;
  p.suites = phase2_suites();
  p.src = {TrafficSelector::any(Family::v4)};
  p.dst = {TrafficSelector::any(Family::v4)};
  return p;
}

config::Phase1 phase1(const std::string& name) {
  config::Phase1 p;
  p.name = name;
  p.interface = "wan";
  p.net_device = true;
  p.suites = phase1_suites();
  p.dpd = config::DpdMode::on_idle;
  p.dpd_retryinterval = 60s;
  p.psk = secret("a long enough secret");
  p.has_policy = true;
  return p;
}

}  // namespace

config::Secret secret(std::string_view text) { return std::make_shared<const SecretBytes>(as_bytes(text)); }

config::Model server_model() {
  config::Model m;
  auto p = phase1("toClient");
  p.type = config::Phase1Type::dynamic;
  p.client_resume = true;
  p.client_resume_interval = 120s;
  m.phase1.push_back(std::move(p));
  m.phase2.push_back(phase2("toClient"));
  return m;
}

config::Model client_model(const IpAddress& server) {
  config::Model m;
  auto p = phase1("toServer");
  p.remote_gw = server;
  m.phase1.push_back(std::move(p));
  m.phase2.push_back(phase2("toServer"));
  return m;
}

}  // namespace dormouse::sim
