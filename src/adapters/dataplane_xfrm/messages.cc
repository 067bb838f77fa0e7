#include "adapters/dataplane_xfrm/messages.h"

#include <arpa/inet.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/secret.h"

namespace dormouse::xfrm {
namespace {

constexpr std::size_t kNameSize = sizeof(xfrm_algo::alg_name);

std::uint16_t family_of(const IpAddress& a) { return a.is_v4() ? AF_INET : AF_INET6; }

xfrm_address_t kernel_address(const IpAddress& a) {
  xfrm_address_t out{};
  std::memcpy(&out, a.bytes().data(), a.size());
  return out;
}

std::optional<IpAddress> address_of(const xfrm_address_t& a, unsigned family) {
  const auto* octets = reinterpret_cast<const std::uint8_t*>(&a);
  if (family == AF_INET) return IpAddress::v4(ByteView(octets, 4));
  if (family == AF_INET6) return IpAddress::v6(ByteView(octets, 16));
  return std::nullopt;
}

xfrm_selector kernel_selector(const Selector& s) {
  xfrm_selector out{};
  out.family = family_of(s.source.address);
  out.saddr = kernel_address(s.source.address);
  out.daddr = kernel_address(s.destination.address);
  out.prefixlen_s = static_cast<std::uint8_t>(s.source.length);
  out.prefixlen_d = static_cast<std::uint8_t>(s.destination.length);
  out.proto = s.protocol;
  out.sport = htons(s.source_port.value);
  out.sport_mask = htons(s.source_port.mask);
  out.dport = htons(s.destination_port.value);
  out.dport_mask = htons(s.destination_port.mask);
  return out;
}

std::optional<Selector> selector_of(const xfrm_selector& s) {
  const auto from = address_of(s.saddr, s.family), to = address_of(s.daddr, s.family);
  if (!from || !to) return std::nullopt;
  return Selector{Prefix::of(*from, s.prefixlen_s),
                  Prefix::of(*to, s.prefixlen_d),
                  s.proto,
                  {ntohs(s.sport), ntohs(s.sport_mask)},
                  {ntohs(s.dport), ntohs(s.dport_mask)}};
}

xfrm_usersa_id kernel_id(const SaId& id) {
  xfrm_usersa_id out{};
  out.daddr = kernel_address(id.destination);
  out.spi = htonl(id.spi.value());
  out.family = family_of(id.destination);
  out.proto = IPPROTO_ESP;
  return out;
}

std::optional<SaId> id_of(const xfrm_address_t& destination, std::uint32_t spi, unsigned family, unsigned protocol) {
  const auto address = address_of(destination, family);
  if (!address || protocol != IPPROTO_ESP) return std::nullopt;
  return SaId{*address, EspSpi(ntohl(spi))};
}

xfrm_lifetime_cfg unlimited() {
  xfrm_lifetime_cfg l{};
  l.soft_byte_limit = l.hard_byte_limit = l.soft_packet_limit = l.hard_packet_limit = XFRM_INF;
  return l;
}

xfrm_lifetime_cfg limits_of(const SaSpec& sa) {
  const auto limit = [](std::uint64_t n) -> std::uint64_t { return n == 0 ? XFRM_INF : n; };
  xfrm_lifetime_cfg l{};
  l.soft_byte_limit = limit(sa.soft_bytes);
  l.hard_byte_limit = limit(sa.hard_bytes);
  l.soft_packet_limit = limit(sa.soft_packets);
  l.hard_packet_limit = limit(sa.hard_packets);
  return l;
}

std::uint8_t flags_of(const SaSpec& sa) {
  unsigned flags = XFRM_STATE_AF_UNSPEC;  // both inner families through one SA
  if (!sa.headers.copy_df) flags |= XFRM_STATE_NOPMTUDISC;
  if (sa.headers.dscp_in) flags |= XFRM_STATE_DECAP_DSCP;
  if (sa.esn) flags |= XFRM_STATE_ESN;
  return static_cast<std::uint8_t>(flags);
}

/// Puts a kernel structure `T` with a name in it, and the key behind it. The copy is wiped.
template <class T>
void put_algorithm(Request& r, std::uint16_t attribute, T head, const std::string& name, ByteView key) {
  std::memcpy(head.alg_name, name.data(), std::min(name.size(), kNameSize - 1));
  head.alg_key_len = static_cast<unsigned>(key.size() * 8);
  Bytes octets(sizeof head + key.size());
  std::memcpy(octets.data(), &head, sizeof head);
  if (!key.empty()) std::memcpy(octets.data() + sizeof head, key.data(), key.size());
  r.put_octets(attribute, octets);
  wipe(octets);
}

void put_algorithms(Request& r, const SaSpec& sa) {
  const auto& a = sa.algorithms;
  if (a.aead) {
    xfrm_algo_aead head{};
    head.alg_icv_len = a.icv_bits;
    put_algorithm(r, XFRMA_ALG_AEAD, head, a.cipher, sa.encr);
    return;
  }
  put_algorithm(r, XFRMA_ALG_CRYPT, xfrm_algo{}, a.cipher, sa.encr);
  xfrm_algo_auth head{};
  head.alg_trunc_len = a.icv_bits;
  put_algorithm(r, XFRMA_ALG_AUTH_TRUNC, head, a.auth, sa.integ);
}

template <class T>
std::optional<T> value_of(const nlattr* a) {
  T value{};
  if (mnl_attr_get_payload_len(a) < sizeof value) return std::nullopt;
  std::memcpy(&value, mnl_attr_get_payload(a), sizeof value);
  return value;
}

template <class T>
std::optional<T> head_of(const nlmsghdr* m) {
  T value{};
  if (mnl_nlmsg_get_payload_len(m) < sizeof value) return std::nullopt;
  std::memcpy(&value, mnl_nlmsg_get_payload(m), sizeof value);
  return value;
}

Usage usage_of(const xfrm_lifetime_cur& c) { return {c.packets, c.bytes, c.add_time, c.use_time}; }

SaStatus status_of(const xfrm_usersa_info& info) {
  SaStatus s;
  s.usage = usage_of(info.curlft);
  s.replayed = info.stats.replay;
  s.auth_failed = info.stats.integrity_failed;
  return s;
}

void read_attribute(const nlattr* a, SaStatus& s) {
  switch (mnl_attr_get_type(a)) {
    case XFRMA_LASTUSED: s.last_used = value_of<std::uint64_t>(a).value_or(0); break;
    case XFRMA_IF_ID: s.if_id = netlink::u32_of(a); break;
    case XFRMA_REPLAY_ESN_VAL:
      s.replay = ReplayState::of(
          {static_cast<const std::uint8_t*>(mnl_attr_get_payload(a)), std::size_t{mnl_attr_get_payload_len(a)}});
      break;
    default: break;
  }
}

}  // namespace

void put_new_sa(Request& r, const SaSpec& sa) {
  auto& info = r.header<xfrm_usersa_info>();
  info.id.daddr = kernel_address(sa.id.destination);
  info.id.spi = htonl(sa.id.spi.value());
  info.id.proto = IPPROTO_ESP;
  info.saddr = kernel_address(sa.source);
  info.family = family_of(sa.source);
  info.lft = limits_of(sa);
  info.reqid = sa.reqid;
  info.mode = XFRM_MODE_TUNNEL;
  info.flags = flags_of(sa);
  put_algorithms(r, sa);
  if (sa.udp) {
    xfrm_encap_tmpl encap{};
    encap.encap_type = UDP_ENCAP_ESPINUDP;
    encap.encap_sport = htons(sa.source_port);
    encap.encap_dport = htons(sa.destination_port);
    r.put(XFRMA_ENCAP, encap);
  }
  r.put_octets(XFRMA_REPLAY_ESN_VAL, sa.replay.octets());
  r.put_u32(XFRMA_REPLAY_THRESH, sa.tell_packets ? 1 : 0);
  r.put_u32(XFRMA_ETIMER_THRESH, 0);
  if (sa.usage.added != 0) {
    xfrm_lifetime_cur cur{};
    cur.packets = sa.usage.packets;
    cur.bytes = sa.usage.bytes;
    cur.add_time = sa.usage.added;
    cur.use_time = sa.usage.first_used;
    r.put(XFRMA_LTIME_VAL, cur);
  }
  if (sa.headers.hide_dscp) r.put_u32(XFRMA_SA_EXTRA_FLAGS, XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
  if (sa.mark != 0) r.put_u32(XFRMA_SET_MARK, sa.mark);
  r.put_u32(XFRMA_IF_ID, sa.if_id);
}

void put_sa_id(Request& r, const SaId& id) { r.header<xfrm_usersa_id>() = kernel_id(id); }

void put_tell_packets(Request& r, const SaId& id, bool tell) {
  r.header<xfrm_aevent_id>().sa_id = kernel_id(id);
  r.put_u32(XFRMA_REPLAY_THRESH, tell ? 1 : 0);
}

void put_policy(Request& r, const PolicySpec& policy) {
  auto& info = r.header<xfrm_userpolicy_info>();
  info.sel = kernel_selector(policy.key.selector);
  info.lft = unlimited();
  info.priority = policy.priority;
  info.dir = static_cast<std::uint8_t>(policy.key.direction);
  info.action = XFRM_POLICY_ALLOW;
  const auto& t = policy.through;
  xfrm_user_tmpl tmpl{};
  tmpl.id.daddr = kernel_address(t.destination);
  tmpl.id.spi = htonl(t.spi.value());
  tmpl.id.proto = IPPROTO_ESP;
  tmpl.family = family_of(t.destination);
  tmpl.saddr = kernel_address(t.source);
  tmpl.reqid = t.reqid;
  tmpl.mode = XFRM_MODE_TUNNEL;
  tmpl.aalgos = tmpl.ealgos = tmpl.calgos = ~0U;
  r.put(XFRMA_TMPL, tmpl);
  r.put_u32(XFRMA_IF_ID, policy.if_id);
}

void put_policy_id(Request& r, const PolicyKey& key, std::uint32_t if_id) {
  auto& id = r.header<xfrm_userpolicy_id>();
  id.sel = kernel_selector(key.selector);
  id.dir = static_cast<std::uint8_t>(key.direction);
  r.put_u32(XFRMA_IF_ID, if_id);
}

std::optional<SaMessage> parse_sa(const nlmsghdr* m) {
  const auto info = head_of<xfrm_usersa_info>(m);
  if (!info) return std::nullopt;
  const auto id = id_of(info->id.daddr, info->id.spi, info->family, info->id.proto);
  if (!id) return std::nullopt;
  SaMessage out{*id, status_of(*info)};
  netlink::for_each_attribute(m, sizeof *info, [&](const nlattr* a) { read_attribute(a, out.status); });
  return out;
}

std::optional<SaMessage> parse_deleted_sa(const nlmsghdr* m) {
  if (m->nlmsg_type != XFRM_MSG_DELSA) return std::nullopt;
  const auto head = head_of<xfrm_usersa_id>(m);
  if (!head) return std::nullopt;
  const auto id = id_of(head->daddr, head->spi, head->family, head->proto);
  if (!id) return std::nullopt;
  SaMessage out{*id, {}};
  bool complete = false;
  netlink::for_each_attribute(m, sizeof *head, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) != XFRMA_SA) return read_attribute(a, out.status);
    const auto info = value_of<xfrm_usersa_info>(a);
    if (!info) return;
    auto kept = std::move(out.status);  // in whatever order they come
    out.status = status_of(*info);
    out.status.last_used = kept.last_used;
    out.status.if_id = kept.if_id;
    out.status.replay = std::move(kept.replay);
    complete = true;
  });
  if (!complete) return std::nullopt;
  return out;
}

std::optional<PolicyMessage> parse_policy(const nlmsghdr* m) {
  const auto info = head_of<xfrm_userpolicy_info>(m);
  if (!info || info->dir > XFRM_POLICY_FWD) return std::nullopt;
  const auto selector = selector_of(info->sel);
  if (!selector) return std::nullopt;
  PolicyMessage out{{static_cast<Direction>(info->dir), *selector}, 0};
  netlink::for_each_attribute(m, sizeof *info, [&](const nlattr* a) {
    if (mnl_attr_get_type(a) == XFRMA_IF_ID) out.if_id = netlink::u32_of(a);
  });
  return out;
}

std::optional<Expired> parse_expired(const nlmsghdr* m) {
  const auto e = head_of<xfrm_user_expire>(m);
  if (!e) return std::nullopt;
  const auto id = id_of(e->state.id.daddr, e->state.id.spi, e->state.family, e->state.id.proto);
  if (!id) return std::nullopt;
  return Expired{*id, e->hard != 0, status_of(e->state)};
}

std::optional<Received> parse_received(const nlmsghdr* m) {
  const auto head = head_of<xfrm_aevent_id>(m);
  // Our own change of the threshold is announced too.
  if (!head || (head->flags & XFRM_AE_CU) != 0) return std::nullopt;
  const auto id = id_of(head->sa_id.daddr, head->sa_id.spi, head->sa_id.family, head->sa_id.proto);
  if (!id) return std::nullopt;
  SaStatus status;
  netlink::for_each_attribute(m, sizeof *head, [&](const nlattr* a) { read_attribute(a, status); });
  return Received{*id, status.replay.received()};
}

std::optional<Mapped> parse_mapped(const nlmsghdr* m) {
  const auto e = head_of<xfrm_user_mapping>(m);
  if (!e) return std::nullopt;
  const auto id = id_of(e->id.daddr, e->id.spi, e->id.family, e->id.proto);
  const auto remote = address_of(e->new_saddr, e->id.family);
  if (!id || !remote) return std::nullopt;
  return Mapped{*id, {*remote, ntohs(e->new_sport)}};
}

}  // namespace dormouse::xfrm
