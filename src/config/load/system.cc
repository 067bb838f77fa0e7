// The host, interfaces, static routes, SNMP.
#include <algorithm>

#include "config/load/builder.h"

namespace dormouse::config {

void Builder::global(const EntryReader& e) {
  if (const auto name = e.text("hostname"); !name.empty()) model.hostname = name;
  model.honor_df = e.enabled("honor-df");
}

void Builder::interface(const EntryReader& e) {
  Interface i;
  i.name = e.entry().key;
  if (const auto a = e.interface_address("ip"); a && !a->first.is_unspecified()) i.addresses.push_back(*a);
  if (const auto r = e.interface_address("remote-ip"); r && !r->first.is_unspecified()) i.remote_ip = r->first;
  i.up = e.is("status", "up");
  if (e.enabled("mtu-override")) i.mtu = e.number("mtu");
  i.is_tunnel = model.find_phase1(i.name) != nullptr;
  if (i.remote_ip && i.addresses.empty())
    error(e, "remote-ip", "a tunnel's far end needs its own address too", "set ip ADDRESS 255.255.255.255");
  model.interfaces.push_back(std::move(i));
}

void Builder::compare_interfaces() {
  path_ = "system interface";
  const auto& all = model.interfaces;
  for (auto i = all.begin(); i != all.end(); ++i)
    for (auto before = all.begin(); before != i; ++before) {
      if (i->addresses.empty() || before->addresses.empty()) continue;
      const auto& [a, a_length] = before->addresses[0];
      const auto& [b, b_length] = i->addresses[0];
      const auto shorter = std::min(a_length, b_length);
      if (a.family() != b.family() || a.masked(shorter) != b.masked(shorter)) continue;
      const EntryReader e(*find_table(path_), *find(path_, i->name));
      warn(e, "ip", "its subnet overlaps that of " + in_quotes(before->name));
    }
}

void Builder::route(const EntryReader& e) {
  StaticRoute r;
  r.seq = e.key_number();
  if (e.is("status", "disable")) return;
  r.dst = e.subnet("dst").value_or(Prefix{});
  r.gateway = e.address("gateway");
  r.distance = e.number("distance");
  r.priority = e.number("priority");
  r.blackhole = e.enabled("blackhole");
  r.device = e.text("device");
  if (r.gateway && r.gateway->family() != r.dst.address.family())
    error(e, "gateway", "the next hop and the destination are of different families",
          "a next hop of the destination's family");
  const Phase1* tunnel = model.find_phase1(r.device);
  if (tunnel && tunnel->type == Phase1Type::dynamic && tunnel->net_device)
    return error(e, "device",
                 in_quotes(r.device) + " has an interface per client, so a fixed route into it goes nowhere",
                 "leave the route to add-route");
  model.routes.push_back(std::move(r));
}

void Builder::community(const EntryReader& e) {
  SnmpCommunity c;
  c.name = e.text("name");
  c.trap_v2c = e.enabled("status") && e.enabled("trap-v2c-status");
  const auto events = e.list("events");
  c.event_tunnel_up = std::ranges::find(events, "vpn-tun-up") != events.end();
  c.event_tunnel_down = std::ranges::find(events, "vpn-tun-down") != events.end();
  const auto port = static_cast<std::uint16_t>(e.number("trap-v2c-rport"));
  if (const auto* hosts = e.entry().section("hosts"))
    for (const auto& h : hosts->entries) {
      const EntryReader host(*find_table("hosts", "system snmp community"), h);
      require_mandatory(host, path_of(e.entry()) + " hosts " + in_quotes(h.key));
      const auto a = host.interface_address("ip");
      // A subnet may ask, but gets no traps.
      if (a && a->second == a->first.bits() && !host.is("host-type", "query")) c.hosts.push_back({a->first, port});
    }
  model.snmp_communities.push_back(std::move(c));
}

void Builder::settings(const EntryReader& e) {
  model.quick_crash_detect = e.enabled("ike-quick-crash-detect");
  const auto plane = e.text("ipsec-data-plane");
  model.data_plane = plane == "kernel"      ? DataPlaneChoice::kernel
                     : plane == "userspace" ? DataPlaneChoice::userspace
                                            : DataPlaneChoice::automatic;
  model.session_resume = e.enabled("ike-session-resume");
}

void Builder::sysinfo(const EntryReader& e) {
  model.snmp_sysinfo = {e.enabled("status"), e.text("description"), e.text("contact-info"), e.text("location")};
}

}  // namespace dormouse::config
