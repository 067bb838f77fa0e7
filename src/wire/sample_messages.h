// For tests: octets written by hand, messages captured from others, and random but valid payloads from a seed.
#pragma once
#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <string_view>

#include "wire/message.h"

namespace dormouse::wire::sample {

/// Octets of hexadecimal text; blanks are skipped.
inline Bytes unhex(std::string_view text) {
  Bytes out;
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high >= 0) out.push_back(static_cast<std::uint8_t>(high * 16 + digit));
    high = high >= 0 ? -1 : digit;
  }
  return out;
}

inline std::string to_hex(ByteView v) {
  std::string out;
  for (const auto b : v)
    for (const auto digit : {b >> 4, b & 15}) out += "0123456789abcdef"[digit];
  return out;
}

/// One payload with its generic header, the last of its chain.
inline Bytes with_generic_header(ByteView body, std::uint8_t next = 0, std::uint8_t flags = 0) {
  Bytes out;
  Writer w(out);
  w.u8(next);
  w.u8(flags);
  w.u16(static_cast<std::uint16_t>(body.size() + 4));
  w.bytes(body);
  return out;
}

/// Reads one payload body given as hexadecimal text.
inline Result<Payload> parse_body(PayloadType type, std::string_view body_hex) {
  const auto chain = with_generic_header(unhex(body_hex));
  auto payloads = parse_payloads(type, chain);
  if (!payloads) return std::unexpected(payloads.error());
  return std::move(payloads->front());
}

/// Writes one payload and returns its body as hexadecimal text.
inline std::string body_hex(const Payload& payload) {
  Bytes out;
  PayloadType first{};
  serialize_payloads({payload}, out, first);
  return to_hex(ByteView(out).subspan(4));
}

/// The messages of src/wire/testdata/`file` by name.
inline std::map<std::string, Bytes> captured(const std::string& file) {
  std::map<std::string, Bytes> out;
  std::ifstream in(std::string(DORMOUSE_SOURCE_DIR) + "/src/wire/testdata/" + file);
  for (std::string line; std::getline(in, line);) {
    const auto blank = line.find(' ');
    if (line.empty() || line[0] == '#' || blank == std::string::npos) continue;
    out[line.substr(0, blank)] = unhex(line.substr(blank + 1));
  }
  return out;
}

/// Random payloads that must survive writing and reading; the same seed gives the same ones.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  std::uint8_t octet() { return static_cast<std::uint8_t>(engine_()); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(engine_()); }
  Bytes octets(std::size_t least, std::size_t most) {
    Bytes b(least + below(most - least + 1));
    for (auto& x : b) x = octet();
    return b;
  }
  bool coin() { return below(2) == 0; }

  Header header() {
    Header h;
    h.spi_i = IkeSpi(engine_() | 1);
    h.spi_r = IkeSpi(engine_());
    h.exchange = static_cast<ExchangeType>(octet());
    h.initiator = coin();
    h.response = coin();
    h.message_id = MessageId(static_cast<std::uint32_t>(engine_()));
    return h;
  }

  std::vector<Payload> payloads() {
    std::vector<Payload> out;
    for (auto n = below(limits::kMaxPayloads / 4); n > 0; --n) out.push_back(payload());
    return out;
  }

  Payload payload() {
    switch (below(std::variant_size_v<Payload>)) {
      case 0: return sa();
      case 1: return KePayload{static_cast<KeId>(u16()), octets(0, 300)};
      case 2: return id();
      case 3: return CertPayload{octet(), octets(0, 400)};
      case 4: return CertReqPayload{octet(), octets(0, 60)};
      case 5: return AuthPayload{static_cast<AuthMethod>(octet()), octets(0, 80)};
      case 6: return NoncePayload{octets(limits::kMinNonce, limits::kMaxNonce)};
      case 7: return notify();
      case 8: return delete_();
      case 9: return VendorIdPayload{octets(0, 40)};
      case 10: return ts();
      case 11: return config();
      case 12: return EapPayload{octets(0, 100)};
      default: return UnknownPayload{static_cast<std::uint8_t>(128 + below(128)), octets(0, 30)};
    }
  }

  SaPayload sa() {
    SaPayload sa;
    for (auto n = 1 + below(5); n > 0; --n) sa.proposals.push_back(proposal());
    return sa;
  }

  TsPayload ts() {
    TsPayload p{coin(), {}};
    for (auto n = below(6); n > 0; --n) {
      const auto family = coin() ? Family::v4 : Family::v6;
      const auto [low, high] = std::minmax({address(family), address(family)});
      const auto [first, last] = std::minmax({u16(), u16()});
      p.selectors.push_back({octet(), first, last, {low, high}});
    }
    return p;
  }

 private:
  Proposal proposal() {
    static constexpr Protocol kProtocols[] = {Protocol::ike, Protocol::ah, Protocol::esp};
    Proposal p{octet(), kProtocols[below(3)], {}, {}};
    p.spi = p.protocol == Protocol::ike ? Bytes(coin() ? 8 : 0, octet()) : Bytes(4, octet());
    for (auto n = below(12); n > 0; --n)
      p.transforms.push_back({static_cast<TransformType>(octet()), u16(), coin() ? u16() : std::uint16_t{0}, false});
    return p;
  }

  IdPayload id() {
    if (coin()) return {coin(), Identity::of(address(coin() ? Family::v4 : Family::v6))};
    return {coin(), {IdType::fqdn, octets(0, 60)}};
  }

  IpAddress address(Family family) {
    const auto b = octets(16, 16);
    return family == Family::v4 ? IpAddress::v4(ByteView(b).first(4)) : IpAddress::v6(b);
  }

  NotifyPayload notify() {
    const bool esp = coin();
    NotifyPayload n{esp ? Protocol::esp : Protocol::none, esp ? octets(4, 4) : Bytes{}, static_cast<NotifyType>(u16()),
                    octets(1, 64)};
    return n;
  }

  DeletePayload delete_() {
    if (coin()) return {Protocol::ike, {}};
    DeletePayload d{coin() ? Protocol::esp : Protocol::ah, {}};
    for (auto n = below(5); n > 0; --n) d.spis.emplace_back(static_cast<std::uint32_t>(engine_()));
    return d;
  }

  ConfigPayload config() {
    ConfigPayload p{octet(), {}};
    for (auto n = below(8); n > 0; --n)
      p.attributes.push_back({static_cast<std::uint16_t>(u16() & 0x7fff), octets(0, 20)});
    return p;
  }

  std::mt19937_64 engine_;
};

}  // namespace dormouse::wire::sample
