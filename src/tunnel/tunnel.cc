#include "tunnel/tunnel.h"

#include <algorithm>

namespace dormouse::tunnel {

const char* reason_of(Timer t) {
  switch (t) {
    case Timer::sleep_over: return "client-resume-interval";
    case Timer::dpd: return "dpd";
    case Timer::nat_keepalive: return "nat keepalive";
    case Timer::connect: return "next login attempt";
    case Timer::wake_probe: return "wake probe";
    case Timer::held_answer: return "login after the wake probe";
    case Timer::tell_restart: return "telling the client of the restart";
    case Timer::reauth: return "re-authentication";
    case Timer::reauth_over: return "re-authentication deadline";
    case Timer::resume: return "coming back by ticket";
    case Timer::held_resume: return "ticket after the wake probe";
    case Timer::ticket_rekey: return "fresh key exchange after a ticket";
    case Timer::rest: return "announced sleep";
    case Timer::unannounced: return "traffic from elsewhere";
    case Timer::replaced_over: return "first Child SA";
    case Timer::redirect: return "sending the client on";
    case Timer::unpark: return "parked packets";
    case Timer::count_: break;
  }
  return "?";
}

TunnelChild* Tunnel::find_child(ChildId child) {
  const auto it = std::ranges::find(children, child, &TunnelChild::id);
  return it == children.end() ? nullptr : &*it;
}

esp::OuterPath outer_of(const ike::Path& path, bool udp_encap) {
  esp::OuterPath out{path.local, path.remote, udp_encap ? esp::Encap::udp : esp::Encap::none, path.ifindex};
  if (!udp_encap) out.local.port = out.remote.port = 0;
  return out;
}

Identity peer_identity(const config::Phase1& phase1) {
  if (const auto address = IpAddress::parse(phase1.peerid)) return Identity::of(*address);
  const bool mail = phase1.peerid.find('@') != std::string::npos;
  const auto octets = as_bytes(phase1.peerid);
  return {mail ? IdType::rfc822 : IdType::fqdn, {octets.begin(), octets.end()}};
}

std::string instance_key(const Tunnel& t) { return t.phase1->name + "/" + std::to_string(t.index); }

std::string spi_pair(IkeSpi i, IkeSpi r) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const auto spi : {i, r}) {
    if (!out.empty()) out += '/';
    for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[spi.value() >> shift & 15];
  }
  return out;
}

bool is_host(const IpAddress& a) {
  static const auto kOthers = {*Prefix::parse("224.0.0.0/3"), *Prefix::parse("ff00::/8"), *Prefix::parse("0.0.0.0/8"),
                               *Prefix::parse("::/128")};
  return std::ranges::none_of(kOthers, [&](const auto& p) { return p.contains(a); });
}

std::string prefix_text(const Prefix& p) {
  return p.address.is_v4() ? p.address.text() + "/" + v4_mask(p.length).text() : p.text();
}

}  // namespace dormouse::tunnel
