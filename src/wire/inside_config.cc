#include "wire/inside_config.h"

#include <algorithm>
#include <bit>

namespace dormouse::wire {
namespace {

constexpr ConfigAttr kKnown[] = {ConfigAttr::ip4_address, ConfigAttr::ip4_netmask, ConfigAttr::ip4_dns,
                                 ConfigAttr::ip6_address, ConfigAttr::ip6_dns,     ConfigAttr::ip4_subnet,
                                 ConfigAttr::ip6_subnet,  ConfigAttr::dns_domain,  ConfigAttr::supported_attributes};

void add(ConfigPayload& p, ConfigAttr type, Bytes value = {}) {
  p.attributes.push_back({static_cast<std::uint16_t>(type), std::move(value)});
}

Bytes octets(const IpAddress& a) { return to_bytes(a.bytes()); }

/// RFC 7296 3.15.1: an IPv6 address or subnet carries the length of its prefix behind it.
Bytes with_length(const IpAddress& a, unsigned length) {
  Bytes out = octets(a);
  out.push_back(static_cast<std::uint8_t>(length));
  return out;
}

/// An address somebody may call his own or be reached at.
bool is_host(const IpAddress& a) {
  static const auto v4_loopback = *Prefix::parse("127.0.0.0/8"), v4_many = *Prefix::parse("224.0.0.0/3");
  static const auto v6_loopback = *Prefix::parse("::1/128"), v6_many = *Prefix::parse("ff00::/8");
  return !a.is_unspecified() && !v4_loopback.contains(a) && !v4_many.contains(a) && !v6_loopback.contains(a) &&
         !v6_many.contains(a);
}

std::optional<IpAddress> address(const Bytes& value, std::size_t size) {
  if (value.size() != size || size < 4) return std::nullopt;
  return size < 16 ? IpAddress::v4(ByteView(value).first(4)) : IpAddress::v6(ByteView(value).first(16));
}

std::optional<unsigned> mask_length(const IpAddress& mask) {
  const auto bits = mask.v4_value();
  const auto length = static_cast<unsigned>(std::countl_one(bits));
  return v4_mask(length).v4_value() == bits ? std::optional(length) : std::nullopt;
}

void read_subnet(const ConfigAttribute& a, InsideConfig& out) {
  std::optional<IpAddress> base;
  std::optional<unsigned> length;
  if (static_cast<ConfigAttr>(a.type) == ConfigAttr::ip4_subnet) {
    base = address(a.value, 8);
    if (base) length = mask_length(IpAddress::v4(ByteView(a.value).subspan(4)));
  } else if ((base = address(a.value, 17)) && a.value[16] <= 128) {
    length = a.value[16];
  }
  if (!base || !length || out.subnets.size() == limits::kMaxInsideSubnets) return;
  const auto subnet = Prefix::of(*base, *length);
  if (std::ranges::find(out.subnets, subnet) == out.subnets.end()) out.subnets.push_back(subnet);
}

void read_dns(const ConfigAttribute& a, std::size_t size, InsideConfig& out) {
  const auto server = address(a.value, size);
  if (server && is_host(*server) && out.dns.size() < limits::kMaxInsideDns) out.dns.push_back(*server);
}

// It goes into logs and to resolvers, so nothing but a name gets in.
void read_domain(const ConfigAttribute& a, InsideConfig& out) {
  const auto plain = [](std::uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  if (a.value.empty() || a.value.size() > 253 || !std::ranges::all_of(a.value, plain)) return;
  if (out.domains.size() < limits::kMaxInsideDomains) out.domains.emplace_back(a.value.begin(), a.value.end());
}

}  // namespace

const char* name_of(ConfigAttr a) {
  switch (a) {
    case ConfigAttr::ip4_address: return "IPv4 address";
    case ConfigAttr::ip4_netmask: return "IPv4 netmask";
    case ConfigAttr::ip4_dns: return "IPv4 DNS";
    case ConfigAttr::application_version: return "application version";
    case ConfigAttr::ip6_address: return "IPv6 address";
    case ConfigAttr::ip6_dns: return "IPv6 DNS";
    case ConfigAttr::ip4_subnet: return "IPv4 subnet";
    case ConfigAttr::supported_attributes: return "supported attributes";
    case ConfigAttr::ip6_subnet: return "IPv6 subnet";
    case ConfigAttr::dns_domain: return "DNS domain";
  }
  return "attribute";
}

ConfigPayload to_payload(const InsideRequest& r) {
  ConfigPayload p{static_cast<std::uint8_t>(ConfigType::request), {}};
  if (r.v4) add(p, ConfigAttr::ip4_address, r.hint.v4 ? octets(*r.hint.v4) : Bytes{});
  if (r.netmask) add(p, ConfigAttr::ip4_netmask);
  if (r.v6) add(p, ConfigAttr::ip6_address, r.hint.v6 ? with_length(*r.hint.v6, 128) : Bytes{});
  if (r.dns4) add(p, ConfigAttr::ip4_dns);
  if (r.dns6) add(p, ConfigAttr::ip6_dns);
  if (r.subnet4) add(p, ConfigAttr::ip4_subnet);
  if (r.subnet6) add(p, ConfigAttr::ip6_subnet);
  if (r.domains) add(p, ConfigAttr::dns_domain);
  if (r.supported) add(p, ConfigAttr::supported_attributes);
  return p;
}

ConfigPayload to_payload(const InsideConfig& c) {
  ConfigPayload p{static_cast<std::uint8_t>(ConfigType::reply), {}};
  if (c.addresses.v4) {
    add(p, ConfigAttr::ip4_address, octets(*c.addresses.v4));
    add(p, ConfigAttr::ip4_netmask, octets(v4_mask(c.v4_length)));
  }
  if (c.addresses.v6) add(p, ConfigAttr::ip6_address, with_length(*c.addresses.v6, c.v6_length));
  for (const auto& server : c.dns) add(p, server.is_v4() ? ConfigAttr::ip4_dns : ConfigAttr::ip6_dns, octets(server));
  for (const auto& subnet : c.subnets) {
    if (!subnet.address.is_v4()) {
      add(p, ConfigAttr::ip6_subnet, with_length(subnet.address, subnet.length));
      continue;
    }
    Bytes value = octets(subnet.address);
    const auto mask = v4_mask(subnet.length);
    value.insert(value.end(), mask.bytes().begin(), mask.bytes().end());
    add(p, ConfigAttr::ip4_subnet, std::move(value));
  }
  for (const auto& name : c.domains) add(p, ConfigAttr::dns_domain, to_bytes(as_bytes(name)));
  if (c.supported) {
    Bytes value;
    Writer out(value);
    for (const auto a : kKnown) out.u16(static_cast<std::uint16_t>(a));
    add(p, ConfigAttr::supported_attributes, std::move(value));
  }
  return p;
}

InsideRequest read_request(const ConfigPayload& payload) {
  InsideRequest r;
  const auto hint = [](const ConfigAttribute& a, std::size_t size, std::optional<IpAddress>& out) {
    const auto asked = address(a.value, size);
    if (asked && is_host(*asked)) out = asked;
  };
  for (const auto& a : payload.attributes) {
    switch (static_cast<ConfigAttr>(a.type)) {
      case ConfigAttr::ip4_address:
        r.v4 = true;
        hint(a, 4, r.hint.v4);
        break;
      case ConfigAttr::ip6_address:
        r.v6 = true;
        hint(a, 17, r.hint.v6);
        break;
      case ConfigAttr::ip4_netmask: r.netmask = true; break;
      case ConfigAttr::ip4_dns: r.dns4 = true; break;
      case ConfigAttr::ip6_dns: r.dns6 = true; break;
      case ConfigAttr::ip4_subnet: r.subnet4 = true; break;
      case ConfigAttr::ip6_subnet: r.subnet6 = true; break;
      case ConfigAttr::dns_domain: r.domains = true; break;
      case ConfigAttr::supported_attributes: r.supported = true; break;
      case ConfigAttr::application_version: break;  // nobody's business
    }
  }
  return r;
}

InsideConfig read_config(const ConfigPayload& payload) {
  InsideConfig c;
  for (const auto& a : payload.attributes) {
    switch (static_cast<ConfigAttr>(a.type)) {
      case ConfigAttr::ip4_address:
        if (const auto given = address(a.value, 4); given && is_host(*given) && !c.addresses.v4) c.addresses.v4 = given;
        break;
      case ConfigAttr::ip4_netmask:
        if (const auto mask = address(a.value, 4); mask) c.v4_length = mask_length(*mask).value_or(32);
        break;
      case ConfigAttr::ip6_address:
        if (const auto given = address(a.value, 17); given && is_host(*given) && !c.addresses.v6) {
          c.addresses.v6 = given;
          c.v6_length = std::min<unsigned>(a.value[16], 128);
        }
        break;
      case ConfigAttr::ip4_dns: read_dns(a, 4, c); break;
      case ConfigAttr::ip6_dns: read_dns(a, 16, c); break;
      case ConfigAttr::ip4_subnet:
      case ConfigAttr::ip6_subnet: read_subnet(a, c); break;
      case ConfigAttr::dns_domain: read_domain(a, c); break;
      case ConfigAttr::supported_attributes: c.supported = true; break;
      case ConfigAttr::application_version: break;
    }
  }
  if (!c.addresses.v4) c.v4_length = 32;  // a mask around nothing
  return c;
}

}  // namespace dormouse::wire
