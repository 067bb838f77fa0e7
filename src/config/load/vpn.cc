// Phase 1 and phase 2.
#include <algorithm>
#include <cstdlib>

#include "base/limits.h"
#include "config/load/builder.h"

namespace dormouse::config {
namespace {

Duration seconds(unsigned n) { return std::chrono::seconds(n); }

PrfId prf_of(std::string_view hash) {
  return hash == "sha1"     ? PrfId::hmac_sha1
         : hash == "sha256" ? PrfId::hmac_sha2_256
         : hash == "sha384" ? PrfId::hmac_sha2_384
                            : PrfId::hmac_sha2_512;
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

EsnMode esn_of(const std::string& text) {
  return text == "require" ? EsnMode::require : text == "allow" ? EsnMode::allow : EsnMode::disable;
}

Identity identity_of(const std::string& text, const std::string& type) {
  const auto address = IpAddress::parse(text);
  if (address && (type == "auto" || type == "address")) return Identity::of(*address);
  const bool mail = type == "user-fqdn" || (type == "auto" && text.find('@') != std::string::npos);
  const auto kind = type == "keyid" ? IdType::key_id : mail ? IdType::rfc822 : IdType::fqdn;
  return {kind, {text.begin(), text.end()}};
}

}  // namespace

SecretBytes from_hex(std::string_view digits) {
  SecretBytes out(digits.size() / 2);
  const auto value = [](char c) { return c <= '9' ? c - '0' : c <= 'F' ? c - 'A' + 10 : c - 'a' + 10; };
  for (std::size_t i = 0; i < out.size(); ++i)
    out.reveal_mutable()[i] = static_cast<std::uint8_t>(value(digits[2 * i]) * 16 + value(digits[2 * i + 1]));
  return out;
}

std::vector<Suite> Builder::suites(const EntryReader& e, bool is_phase1, bool with_groups, EsnMode esn) {
  std::vector<Suite> out;
  const auto groups = with_groups ? read_groups(e, "dhgrp") : std::vector{KeId::none};
  const auto more = with_groups ? additional(e) : std::vector{std::array<KeId, kAdditionalExchanges>{}};
  for (const bool with_more : {true, false})
    for (const auto& token : e.list("proposal")) {
      const auto parsed = parse_proposal(token, is_phase1);
      if (!parsed) continue;  // reported by the row
      Suite s = suite_of(*parsed, is_phase1);
      for (const auto g : groups)
        for (const auto& further : more) {
          s.ke = g;
          s.addke = further;
          if (s.has_additional() != with_more) continue;
          s.esn = EsnId::yes;
          if (!is_phase1 && esn != EsnMode::disable) out.push_back(s);
          s.esn = EsnId::no;
          if (is_phase1 || esn != EsnMode::require) out.push_back(s);
        }
    }
  if (out.size() > limits::kMaxSuites) error(e, "proposal", "too many suites in all", "fewer proposals or groups");
  return out;
}

void Builder::phase1(const EntryReader& e) {
  Phase1 p;
  p.name = e.entry().key;
  p.type = e.is("type", "dynamic") ? Phase1Type::dynamic : Phase1Type::static_peer;
  p.interface = e.text("interface");
  p.family = e.is("ip-version", "6") ? Family::v6 : Family::v4;
  p.local_gw = e.address(p.family == Family::v4 ? "local-gw" : "local-gw6");
  p.net_device = e.enabled("net-device");
  p.esn = esn_of(e.text("esn"));
  p.suites = suites(e, true, true, EsnMode::disable);
  p.nattraversal = e.is("nattraversal", "forced")    ? NatTraversal::forced
                   : e.is("nattraversal", "disable") ? NatTraversal::disable
                                                     : NatTraversal::enable;
  p.add_route = e.enabled("add-route");
  p.distance = e.number("distance");
  p.priority = e.number("priority");
  p.fragment_inner = e.is("ip-fragmentation", "pre-encapsulation");
  p.dscp_inwards = e.enabled("inbound-dscp-copy");
  p.mtu = e.has("mtu") ? e.number("mtu") : 0;
  phase1_peer(e, p);
  phase1_auth(e, p);
  phase1_secret(e, p);
  phase1_timers(e, p);
  phase1_quantum(e, p);
  mode_cfg(e, p);
  if (p.type == Phase1Type::dynamic && p.net_device && p.name.size() > 13)
    error(e, "", "the name leaves no room for instances: Linux interface names have 15 characters",
          "at most 13 characters, as in " + p.name.substr(0, 13) + "_0");
  phase1_hints(e, p);
  model.phase1.push_back(std::move(p));
}

void Builder::phase1_peer(const EntryReader& e, Phase1& p) {
  const bool v4 = p.family == Family::v4;
  const auto gateway = e.address(v4 ? "remote-gw" : "remote-gw6");
  if (p.type == Phase1Type::static_peer) {
    p.remote_gw = gateway.value_or(IpAddress::any(p.family));
  } else if (gateway) {
    error(e, v4 ? "remote-gw" : "remote-gw6", "a dynamic phase 1 has no fixed peer",
          "leave it out, or set type static");
  }
  p.peertype = e.is("peertype", "one") ? PeerType::one : e.is("peertype", "any") ? PeerType::any : PeerType::peer;
  p.peerid = e.text("peerid");
  if (e.is("peertype", "any") && !p.peerid.empty())
    error(e, "peerid", "an identity is given, but peertype any admits all", "set peertype one, or leave peerid out");
  const auto id = e.text("localid"), type = e.text("localid-type");
  if (!id.empty()) p.localid = identity_of(id, type);
  if (!id.empty() && type == "address" && !IpAddress::parse(id))
    error(e, "localid", "'" + id + "' is not an address", "an IP address, or another localid-type");
}

void Builder::phase1_secret(const EntryReader& e, Phase1& p) {
  const auto values = e.list("psksecret");
  if (values.empty() || (p.auth != AuthMethod::psk && p.auth_remote != AuthMethod::psk)) return;
  std::string text = values[0];
  if (values.size() == 2) {
    auto decoded = decode_(values[1]);
    if (!decoded)
      return error(e, "psksecret", "the ENC value " + decoded.error().text,
                   "a secret in clear, or an ENC value of this host");
    const auto octets = decoded->reveal();
    text.assign(octets.begin(), octets.end());
  }
  p.psk = std::make_shared<const SecretBytes>(text.starts_with("0x") ? from_hex(std::string_view(text).substr(2))
                                                                     : SecretBytes(as_bytes(text)));
  if (std::ranges::all_of(text, [](char c) { return c == '*'; }))
    warn(e, "psksecret", "this is a page's placeholder, not a secret; put one of your own");
  else if (p.psk->size() < 12)
    warn(e, "psksecret", "a short pre-shared key can be guessed by whoever hears a login; use 20 characters or more");
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

void Builder::phase1_timers(const EntryReader& e, Phase1& p) {
  p.dpd = e.is("dpd", "on-idle") ? DpdMode::on_idle : e.is("dpd", "disable") ? DpdMode::disable : DpdMode::on_demand;
  p.dpd_retrycount = e.number("dpd-retrycount");
  p.dpd_retryinterval = seconds(e.number("dpd-retryinterval"));
  p.retransmit_schedule.clear();
  for (const auto& n : e.list("retransmit-schedule"))
    p.retransmit_schedule.push_back(seconds(static_cast<unsigned>(std::strtoul(n.c_str(), nullptr, 10))));
  p.client_resume = e.enabled("client-resume");
  p.client_resume_interval = seconds(e.number("client-resume-interval"));
  p.ticket_rekey_delay = seconds(e.number("ticket-rekey-delay"));
  p.libreswan_resume = e.is("resume-auth", "libreswan");
  p.mobike = e.enabled("mobike");
  p.redirect = p.type == Phase1Type::static_peer && e.enabled("redirect");
  p.reauth = e.enabled("reauth");
  p.keylife = seconds(e.number("keylife"));
  p.rekey = e.enabled("rekey");
  p.negotiate_timeout = seconds(e.number("negotiate-timeout"));
  p.fragmentation = e.enabled("fragmentation");
  p.fragmentation_mtu = e.number("fragmentation-mtu");
  p.childless = e.enabled("childless-ike");
  p.auto_negotiate = e.enabled("auto-negotiate");
  p.passive = e.enabled("passive-mode");
  p.keepalive = seconds(e.number("keepalive"));
}

void Builder::phase1_hints(const EntryReader& e, const Phase1& p) {
  if (p.client_resume && p.type == Phase1Type::static_peer)
    warn(e, "client-resume", "has no effect on a static phase 1: only dialup clients sleep");
  if (p.client_resume && p.dpd == DpdMode::disable)
    warn(e, "dpd", "without dead peer detection nobody notices that a client sleeps; use on-idle");
  if (e.has("dhgrp") && !p.suites.empty() &&
      std::ranges::all_of(p.suites, [](const Suite& s) { return s.ke == KeId::modp2048; }))
    warn(e, "dhgrp", "group 14 is FortiOS's old default; 31 or 20 is stronger and faster");
  for (const auto& token : e.list("proposal"))
    if (token.ends_with("sha1")) warn(e, "proposal", token + " uses SHA-1; keep it for peers that know nothing newer");
}

TrafficSelectors Builder::selectors(const EntryReader& e, const std::string& side) {
  const auto kind = e.text(side + "-addr-type");
  std::vector<IpRange> ranges;
  if (kind == "subnet" || kind == "subnet6") {
    const auto p = e.subnet(side + (kind == "subnet" ? "-subnet" : "-subnet6"));
    if (p) ranges.push_back({p->first(), p->last()});
  } else if (kind == "name") {
    if (e.has(side + "-name")) ranges = addresses({e.text(side + "-name")});
    if (ranges.empty()) ranges.push_back({IpAddress::any(Family::v4), IpAddress::highest(Family::v4)});
  } else {
    const auto first = IpAddress::parse(e.text(side + "-start-ip"));
    const auto last = kind == "ip" ? first : IpAddress::parse(e.text(side + "-end-ip"));
    if (first && last && *first <= *last)
      ranges.push_back({*first, *last});
    else
      error(e, side + "-end-ip", "the range is backwards", "an address not below " + side + "-start-ip");
  }
  TrafficSelectors out;
  const auto port = static_cast<std::uint16_t>(e.number(side + "-port"));
  for (const auto& r : ranges)
    out.push_back({static_cast<std::uint8_t>(e.number("protocol")), port, port == 0 ? std::uint16_t{65535} : port, r});
  return out;
}

/// Unset it is 000000, as in FortiOS.
std::uint8_t Builder::dscp_of(const EntryReader& e) {
  const auto digits = e.text("diffservcode");
  const bool binary = std::ranges::all_of(digits, [](char c) { return c == '0' || c == '1'; });
  if (!digits.empty() && (digits.size() != 6 || !binary))
    error(e, "diffservcode", in_quotes(digits) + " is no code point", "six binary digits, as 101110");
  return static_cast<std::uint8_t>(std::strtoul(digits.c_str(), nullptr, 2) & 63);
}

void Builder::phase2(const EntryReader& e) {
  Phase2 p;
  p.name = e.entry().key;
  p.phase1 = e.text("phase1name");
  const Phase1* parent = model.find_phase1(p.phase1);
  p.pfs = e.enabled("pfs");
  p.suites = suites(e, false, p.pfs, parent ? parent->esn : EsnMode::disable);
  p.replay = e.enabled("replay");
  p.transport = e.is("encapsulation", "transport-mode");
  p.auto_negotiate = e.enabled("auto-negotiate");
  p.keepalive = e.enabled("keepalive");
  if (!e.is("add-route", "phase1")) p.add_route = e.enabled("add-route");
  p.route_overlap = e.is("route-overlap", "use-old") ? RouteOverlap::use_old
                    : e.is("route-overlap", "allow") ? RouteOverlap::allow
                                                     : RouteOverlap::use_new;
  p.ipv4_df = e.is("ipv4-df", "enable") ? Ipv4Df::enable : e.is("ipv4-df", "copy") ? Ipv4Df::copy : Ipv4Df::disable;
  if (e.enabled("diffserv")) p.dscp = dscp_of(e);
  if (!e.is("inbound-dscp-copy", "phase1")) p.dscp_inwards = e.enabled("inbound-dscp-copy");
  p.keylife = seconds(e.number("keylifeseconds"));
  if (!e.is("keylife-type", "seconds")) p.keylife_bytes = std::uint64_t{e.number("keylifekbs")} * 1024;
  p.src = selectors(e, "src");
  p.dst = selectors(e, "dst");
  model.phase2.push_back(std::move(p));
}

void Builder::compare_phase1() {
  path_ = "vpn ipsec phase1-interface";
  for (auto p = model.phase1.begin(); p != model.phase1.end(); ++p) {
    const auto names = [&](const std::vector<std::string>& list) {
      return std::ranges::find(list, p->name) != list.end();
    };
    p->has_policy = std::ranges::any_of(model.policies, [&](const Policy& policy) {
      return policy.enabled && (names(policy.srcintf) || names(policy.dstintf));
    });
    const EntryReader e(*find_table(path_), *find(path_, p->name));
    compare_pool_with_interfaces(e, *p);
    if (!p->has_policy) warn(e, "", "no firewall policy names it, so its tunnels stay down");
    if (model.phase2_of(p->name).empty()) warn(e, "", "no phase 2 belongs to it, so it carries nothing");
    for (auto other = model.phase1.begin(); other != p; ++other) {
      compare_pools(e, *p, *other);
      if (other->type != p->type || other->interface != p->interface || other->family != p->family) continue;
      if (p->type == Phase1Type::static_peer && other->remote_gw == p->remote_gw && !p->remote_gw.is_unspecified())
        error(e, "remote-gw", in_quotes(other->name) + " has the same peer on the same interface", "another peer");
      if (p->type == Phase1Type::dynamic &&
          (p->peertype == PeerType::any || (p->peerid == other->peerid && p->peers == other->peers)) &&
          p->auth_remote == other->auth_remote && other->peertype == p->peertype)
        warn(e, "peertype",
             "admits the same clients as " + in_quotes(other->name) + " on the same interface, which is asked first");
    }
  }
}

}  // namespace dormouse::config
