// Interfaces, static routes, SNMP, and what is known only when all is read.
#include <algorithm>

#include "config/load/builder.h"

namespace dormouse::config {

void Builder::interface(const EntryReader& e) {
  Interface i;
  i.name = e.entry().key;
  if (const auto a = e.interface_address("ip"); a && !a->first.is_unspecified()) i.addresses.push_back(*a);
  if (const auto r = e.interface_address("remote-ip"); r && !r->first.is_unspecified()) i.remote_ip = r->first;
  i.up = e.is("status", "up");
  if (e.enabled("mtu-override")) i.mtu = e.number("mtu");
  i.is_tunnel = model.find_phase1(i.name) != nullptr;
  if (i.remote_ip && i.addresses.empty()) error(e, "remote-ip", "a tunnel's far end needs its own address too", "set ip ADDRESS 255.255.255.255");
  model.interfaces.push_back(std::move(i));
}

void Builder::route(const EntryReader& e) {
  StaticRoute r;
  r.seq = static_cast<unsigned>(std::stoul(e.entry().key));
  if (e.is("status", "disable")) return;
  r.dst = e.subnet("dst").value_or(Prefix{});
  r.gateway = e.address("gateway");
  r.distance = e.number("distance");
  r.priority = e.number("priority");
  r.blackhole = e.enabled("blackhole");
  r.device = e.text("device");
  if (!r.blackhole && !mandatory(e, "device", "the route's interface")) return;
  const Phase1* tunnel = model.find_phase1(r.device);
  if (tunnel && tunnel->type == Phase1Type::dynamic && tunnel->net_device)
    return error(e, "device", quoted(r.device) + " has an interface per client, so a fixed route into it goes nowhere", "leave the route to add-route");
  model.routes.push_back(std::move(r));
}

void Builder::community(const EntryReader& e) {
  SnmpCommunity c;
  if (!mandatory(e, "name", "the community string")) return;
  c.name = e.text("name");
  c.trap_v2c = e.enabled("status") && e.enabled("trap-v2c-status");
  const auto events = e.list("events");
  c.event_tunnel_up = std::ranges::find(events, "vpn-tun-up") != events.end();
  c.event_tunnel_down = std::ranges::find(events, "vpn-tun-down") != events.end();
  const auto port = static_cast<std::uint16_t>(e.number("trap-v2c-rport"));
  for (const auto& s : e.entry().sections)
    for (const auto& h : s.entries) {
      const EntryReader host(*find_table("hosts", "system snmp community"), h);
      const auto a = host.interface_address("ip");
      if (!a) {
        errors.push_back({false, h.at, "system snmp community " + quoted(e.entry().key) + " hosts " + quoted(h.key), "ip", "the receiver's address is missing", "set ip ADDRESS 255.255.255.255"});
      } else if (a->second == a->first.bits() && !host.is("host-type", "query")) {  // a subnet may ask, but gets no traps
        c.hosts.push_back({a->first, port});
      }
    }
  model.snmp_communities.push_back(std::move(c));
}

void Builder::sysinfo(const EntryReader& e) {
  model.snmp_sysinfo = {e.enabled("status"), e.text("description"), e.text("contact-info"), e.text("location")};
}

void Builder::finish() {
  for (auto& p : model.phase1) {
    const auto names = [&](const std::vector<std::string>& list) { return std::ranges::find(list, p.name) != list.end(); };
    p.has_policy = std::ranges::any_of(model.policies, [&](const auto& policy) { return policy.enabled && (names(policy.srcintf) || names(policy.dstintf)); });
    const auto* s = tree_.find("vpn ipsec phase1-interface");
    const Entry* e = s ? s->find(p.name) : nullptr;
    const auto place = e ? e->at : Place{};
    const std::string where = "vpn ipsec phase1-interface " + quoted(p.name);
    if (!p.has_policy) warnings.push_back({true, place, where, "", "no firewall policy names it, so its tunnels stay down", ""});
    if (model.phase2_of(p.name).empty()) warnings.push_back({true, place, where, "", "no phase 2 belongs to it, so it carries nothing", ""});
    for (const auto& other : model.phase1)
      if (&other < &p && p.type == Phase1Type::static_peer && other.type == p.type && other.remote_gw == p.remote_gw && other.interface == p.interface)
        errors.push_back({false, place, where, "remote-gw", quoted(other.name) + " has the same peer on the same interface", "another peer"});
  }
}

}  // namespace dormouse::config
