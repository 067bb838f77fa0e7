// Phase 1 and phase 2.
#include <algorithm>

#include "config/load/builder.h"

namespace dormouse::config {
namespace {

Duration seconds(unsigned n) { return std::chrono::seconds(n); }

PrfId prf_of(std::string_view hash) {
  return hash == "sha1" ? PrfId::hmac_sha1 : hash == "sha256" ? PrfId::hmac_sha2_256 : hash == "sha384" ? PrfId::hmac_sha2_384 : PrfId::hmac_sha2_512;
}
IntegId integ_of(std::string_view hash) {
  return hash == "sha1"     ? IntegId::hmac_sha1_96
         : hash == "sha256" ? IntegId::hmac_sha2_256_128
         : hash == "sha384" ? IntegId::hmac_sha2_384_192
                            : IntegId::hmac_sha2_512_256;
}

Suite suite_of(const ProposalToken& t, bool phase1) {
  Suite s;
  const bool gcm = t.cipher.ends_with("gcm");
  const bool chacha = t.cipher == "chacha20poly1305";
  s.encr = chacha ? EncrId::chacha20_poly1305 : gcm ? EncrId::aes_gcm_16 : EncrId::aes_cbc;
  s.key_bits = chacha || t.cipher.starts_with("aes256") ? 256 : t.cipher.starts_with("aes192") ? 192 : 128;
  if (phase1) s.prf = prf_of(t.hash);
  if (!is_aead(s.encr)) s.integ = integ_of(t.hash);
  return s;
}

EsnMode esn_of(const std::string& text) { return text == "require" ? EsnMode::require : text == "allow" ? EsnMode::allow : EsnMode::disable; }

Identity identity_of(const std::string& text, const std::string& type) {
  const auto address = IpAddress::parse(text);
  if (address && (type == "auto" || type == "address")) return Identity::of(*address);
  const bool mail = type == "user-fqdn" || (type == "auto" && text.find('@') != std::string::npos);
  const auto kind = type == "keyid" ? IdType::key_id : mail ? IdType::rfc822 : IdType::fqdn;
  return {kind, {text.begin(), text.end()}};
}

std::optional<SecretBytes> from_hex(std::string_view digits) {
  SecretBytes out(digits.size() / 2);
  const auto value = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = value(digits[2 * i]), low = value(digits[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.reveal_mutable()[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return out;
}

}  // namespace

std::vector<Suite> Builder::suites(const EntryReader& e, bool is_phase1, bool with_groups, EsnMode esn) const {
  std::vector<Suite> out;
  std::vector<KeId> groups;
  for (const auto& g : e.list("dhgrp")) groups.push_back(static_cast<KeId>(std::stoi(g)));
  if (!with_groups) groups = {KeId::none};
  for (const auto& token : e.list("proposal")) {
    const auto parsed = parse_proposal(token, is_phase1);
    if (!parsed) continue;  // reported by the row
    Suite s = suite_of(*parsed, is_phase1);
    for (const auto g : groups) {
      s.ke = g;
      if (!is_phase1 && esn != EsnMode::disable) {
        s.esn = EsnId::yes;
        out.push_back(s);
      }
      s.esn = EsnId::no;
      if (is_phase1 || esn != EsnMode::require) out.push_back(s);
    }
  }
  return out;
}

void Builder::phase1_peer(const EntryReader& e, Phase1& p) {
  const bool v4 = p.family == Family::v4;
  if (p.type == Phase1Type::static_peer) {
    const std::string name = v4 ? "remote-gw" : "remote-gw6";
    if (const auto a = e.address(name)) p.remote_gw = *a;
    else error(e, name, "a static phase 1 needs the peer's address", "set " + name + (v4 ? " 192.0.2.1" : " 2001:db8::1") + ", or set type dynamic");
  } else if (e.has("remote-gw") && e.address("remote-gw")) {
    error(e, "remote-gw", "a dynamic phase 1 has no fixed peer", "leave it out, or set type static");
  }
  if (!e.has("peertype")) error(e, "peertype", "the default 'peer' (a certificate) is not supported yet", "set peertype any, or set peertype one with a peerid");
  p.peertype = e.is("peertype", "one") ? PeerType::one : PeerType::any;
  p.peerid = e.text("peerid");
  if (p.peertype == PeerType::one && p.peerid.empty()) error(e, "peerid", "peertype one needs the identity", "set peerid NAME");
  if (p.peertype == PeerType::any && !p.peerid.empty()) error(e, "peerid", "an identity is given, but peertype any admits all", "set peertype one, or leave peerid out");
  if (const auto id = e.text("localid"); !id.empty()) p.localid = identity_of(id, e.text("localid-type"));
}

void Builder::phase1_secret(const EntryReader& e, Phase1& p) {
  const auto values = e.list("psksecret");
  if (values.empty()) return error(e, "psksecret", "the pre-shared key is missing", "set psksecret SECRET, at least 6 characters");
  std::string text = values[0];
  if (values.size() == 2) {
    auto decoded = decode_(values[1]);
    if (!decoded) return error(e, "psksecret", "the ENC value " + decoded.error().text, "a secret in clear, or an ENC value of this host");
    const auto octets = decoded->reveal();
    text.assign(octets.begin(), octets.end());
  }
  if (text.starts_with("0x")) {
    auto hex = from_hex(std::string_view(text).substr(2));
    if (!hex) return error(e, "psksecret", "not an even number of hex digits after 0x", "0x and hex digits");
    p.psk = std::make_shared<const SecretBytes>(std::move(*hex));
  } else {
    p.psk = std::make_shared<const SecretBytes>(as_bytes(text));
  }
  if (std::ranges::all_of(text, [](char c) { return c == '*'; }))
    warn(e, "psksecret", "this is a page's placeholder, not a secret; put one of your own");
  else if (text.size() < 12) warn(e, "psksecret", "a short pre-shared key can be guessed by whoever hears a login; use 20 characters or more");
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

void Builder::phase1(const EntryReader& e) {
  Phase1 p;
  p.name = e.entry().key;
  p.type = e.is("type", "dynamic") ? Phase1Type::dynamic : Phase1Type::static_peer;
  p.interface = e.text("interface");
  mandatory(e, "interface", "the outgoing interface");
  if (!e.has("ike-version")) error(e, "ike-version", "FortiOS's default is IKE version 1, which is not supported", "set ike-version 2");
  p.family = e.is("ip-version", "6") ? Family::v6 : Family::v4;
  p.local_gw = e.address(p.family == Family::v4 ? "local-gw" : "local-gw6");
  phase1_peer(e, p);
  phase1_secret(e, p);
  p.net_device = e.enabled("net-device");
  p.esn = esn_of(e.text("esn"));
  p.suites = suites(e, true, true, EsnMode::disable);
  p.dpd = e.is("dpd", "on-idle") ? DpdMode::on_idle : e.is("dpd", "disable") ? DpdMode::disable : DpdMode::on_demand;
  p.dpd_retrycount = e.number("dpd-retrycount");
  p.dpd_retryinterval = seconds(e.number("dpd-retryinterval"));
  p.retransmit_schedule.clear();
  for (const auto& n : e.list("retransmit-schedule")) p.retransmit_schedule.push_back(seconds(static_cast<unsigned>(std::stoul(n))));
  p.client_resume = e.enabled("client-resume");
  p.client_resume_interval = seconds(e.number("client-resume-interval"));
  p.keylife = seconds(e.number("keylife"));
  p.rekey = e.enabled("rekey");
  p.negotiate_timeout = seconds(e.number("negotiate-timeout"));
  p.auto_negotiate = e.enabled("auto-negotiate");
  p.passive = e.enabled("passive-mode");
  p.nattraversal = e.is("nattraversal", "forced") ? NatTraversal::forced : e.is("nattraversal", "disable") ? NatTraversal::disable : NatTraversal::enable;
  p.keepalive = seconds(e.number("keepalive"));
  p.add_route = e.enabled("add-route");
  p.distance = e.number("distance");
  p.priority = e.number("priority");
  p.mtu = e.has("mtu") ? e.number("mtu") : 0;
  if (p.type == Phase1Type::dynamic && p.net_device && p.name.size() > 13)
    error(e, "", "the name leaves no room for instances: Linux interface names have 15 characters", "at most 13 characters, as in " + p.name.substr(0, 13) + "_0");
  if (p.client_resume && p.type == Phase1Type::static_peer) warn(e, "client-resume", "has no effect on a static phase 1: only dialup clients sleep");
  if (p.client_resume && p.dpd == DpdMode::disable) warn(e, "dpd", "without dead peer detection nobody notices that a client sleeps; use on-idle");
  const bool group14 = std::ranges::find(p.suites, KeId::modp2048, &Suite::ke) != p.suites.end() && e.list("dhgrp").size() == 1;
  if (group14 && e.has("dhgrp")) warn(e, "dhgrp", "group 14 is FortiOS's old default; 31 or 20 is stronger and faster");
  model.phase1.push_back(std::move(p));
}

TrafficSelectors Builder::selectors(const EntryReader& e, const std::string& side) {
  const auto kind = e.text(side + "-addr-type");
  std::vector<IpRange> ranges;
  if (kind == "subnet" || kind == "subnet6") {
    const auto p = e.subnet(side + (kind == "subnet" ? "-subnet" : "-subnet6"));
    if (p) ranges.push_back({p->first(), p->last()});
  } else if (kind == "name") {
    if (mandatory(e, side + "-name", "the address object")) ranges = addresses(e, {e.text(side + "-name")});
    if (ranges.empty()) ranges.push_back({IpAddress::any(Family::v4), IpAddress::highest(Family::v4)});
  } else {
    const auto first = IpAddress::parse(e.text(side + "-start-ip"));
    const auto last = kind == "ip" ? first : IpAddress::parse(e.text(side + "-end-ip"));
    if (first && last && *first <= *last) ranges.push_back({*first, *last});
    else error(e, side + "-end-ip", "the range is backwards", "an address not below " + side + "-start-ip");
  }
  TrafficSelectors out;
  const auto port = static_cast<std::uint16_t>(e.number(side + "-port"));
  for (const auto& r : ranges)
    out.push_back({static_cast<std::uint8_t>(e.number("protocol")), port, port == 0 ? std::uint16_t{65535} : port, r});
  return out;
}

void Builder::phase2(const EntryReader& e) {
  Phase2 p;
  p.name = e.entry().key;
  if (!mandatory(e, "phase1name", "the phase 1 it belongs to")) return;
  p.phase1 = e.text("phase1name");
  const Phase1* parent = model.find_phase1(p.phase1);
  p.pfs = e.enabled("pfs");
  p.suites = suites(e, false, p.pfs, parent ? parent->esn : EsnMode::disable);
  p.replay = e.enabled("replay");
  p.auto_negotiate = e.enabled("auto-negotiate");
  p.keepalive = e.enabled("keepalive");
  if (!e.is("add-route", "phase1")) p.add_route = e.enabled("add-route");
  p.route_overlap = e.is("route-overlap", "use-old") ? RouteOverlap::use_old : e.is("route-overlap", "allow") ? RouteOverlap::allow : RouteOverlap::use_new;
  p.keylife = seconds(e.number("keylifeseconds"));
  if (!e.is("keylife-type", "seconds")) p.keylife_bytes = std::uint64_t{e.number("keylifekbs")} * 1024;
  p.src = selectors(e, "src");
  p.dst = selectors(e, "dst");
  model.phase2.push_back(std::move(p));
}

}  // namespace dormouse::config
