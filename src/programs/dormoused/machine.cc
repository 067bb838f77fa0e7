#include "programs/dormoused/machine.h"

#include <algorithm>
#include <fstream>

namespace dormouse::daemon {

Outcome<std::unique_ptr<Machine>> Machine::open(const std::string& state_dir) {
  TRY_ASSIGN(auto nl, netlink::Netlink::open());
  TRY_ASSIGN(auto monitor, netlink::Monitor::open());
  std::unique_ptr<Machine> m(new Machine(state_dir, std::move(nl), std::move(monitor)));
  // kill -9 leaves routes, addresses and the firewall table; TUN interfaces went with the process.
  if (const auto cleaned = m->netlink_.cleanup_stale(m->read_record()); !cleaned)
    return std::unexpected(cleaned.error());
  m->write_record();
  if (const auto gone = m->firewall_.remove_all(); !gone) return std::unexpected(gone.error());
  return m;
}

// The record is one line an address: INTERFACE ADDRESS LENGTH.
std::vector<netlink::OwnedAddress> Machine::read_record() const {
  std::vector<netlink::OwnedAddress> out;
  std::ifstream in(record_path_);
  std::string name, address;
  unsigned length = 0;
  while (in >> name >> address >> length)
    if (const auto a = IpAddress::parse(address)) out.push_back({name, *a, length});
  return out;
}

void Machine::write_record() const {
  std::ofstream out(record_path_, std::ios::trunc);
  for (const auto& a : addresses_) out << a.interface << ' ' << a.address.text() << ' ' << a.prefix_length << '\n';
}

std::vector<std::string> Machine::apply_addresses(const config::Model& model) {
  std::vector<std::string> problems;
  std::vector<netlink::OwnedAddress> wanted;
  for (const auto& i : model.interfaces)
    for (const auto& [address, length] : i.addresses) wanted.push_back({i.name, address, length});
  for (const auto& old : std::vector(addresses_)) {
    if (std::ranges::find(wanted, old) != wanted.end()) continue;
    if (const auto l = netlink_.link(old.interface))
      (void)netlink_.delete_address({l->index, old.address, old.prefix_length});
    std::erase(addresses_, old);
  }
  for (const auto& w : wanted) {
    const auto l = netlink_.link(w.interface);
    if (!l) {
      problems.push_back("interface " + w.interface + " does not exist; its address waits until the next reload");
      continue;
    }
    const auto* i = model.find_interface(w.interface);
    if (i && !i->up)
      (void)netlink_.set_up(w.interface, false);
    else if (!l->up)
      (void)netlink_.set_up(w.interface, true);
    if (i && i->mtu != 0)
      if (const auto set = netlink_.set_mtu(w.interface, i->mtu); !set) problems.push_back(set.error().text);
    const auto present = netlink_.addresses(l->index);
    const bool there = present && std::ranges::any_of(*present, [&](const auto& a) { return a.address == w.address; });
    if (there) continue;  // ours from before, or the administrator's own: then it is not ours to remove
    netlink::InterfaceAddress a{l->index, w.address, w.prefix_length};
    if (i && i->remote_ip) a.peer = i->remote_ip;
    addresses_.push_back(w);
    write_record();  // before the kernel has it: a crash between must not leave it unrecorded
    if (const auto added = netlink_.add_address(a); !added) {
      std::erase(addresses_, w);
      problems.push_back(added.error().text);
    }
  }
  write_record();
  return problems;
}

std::vector<std::string> Machine::apply_routes(const config::Model& model, bool tunnels_exist) {
  std::vector<std::string> problems;
  std::vector<netlink::Route> wanted;
  for (const auto& r : model.routes) {
    netlink::Route w{.dst = r.dst, .gateway = r.gateway, .metric = r.distance, .blackhole = r.blackhole};
    if (!r.blackhole) {
      const auto l = netlink_.link(r.device);
      if (!l && !tunnels_exist) continue;
      if (!l) {
        problems.push_back("route " + r.dst.text() + ": interface " + r.device + " does not exist");
        continue;
      }
      w.oif = l->index;
    }
    wanted.push_back(w);
  }
  for (const auto& old : std::vector(static_routes_)) {
    if (std::ranges::find(wanted, old) != wanted.end()) continue;
    (void)netlink_.delete_route(old);  // gone with its interface already, or going now
    std::erase(static_routes_, old);
  }
  for (const auto& w : wanted) {
    if (std::ranges::find(static_routes_, w) != static_routes_.end()) continue;
    if (const auto added = netlink_.add_route(w); !added)
      problems.push_back(added.error().text);
    else
      static_routes_.push_back(w);
  }
  return problems;
}

std::vector<std::string> Machine::apply_policies(const config::Model& model) {
  std::vector<std::string> names;
  for (const auto& p : model.phase1) names.push_back(p.name);
  firewall_.set_policies(model.policies, names);
  if (const auto done = firewall_.commit(); !done) return {done.error().text};
  return {};
}

Outcome<void> Machine::add_route(const tunnel::Route& r) {
  TRY_ASSIGN(const auto l, netlink_.link(r.device_name));
  return netlink_.add_route({.dst = r.dst, .oif = l.index, .source = r.source, .metric = r.metric});
}

Outcome<void> Machine::delete_route(const tunnel::Route& r) {
  const auto l = netlink_.link(r.device_name);
  if (!l) return {};  // the kernel removed it with the interface
  return netlink_.delete_route({.dst = r.dst, .oif = l->index, .metric = r.metric});
}

Outcome<void> Machine::add_inside(const std::string& device, const IpAddress& address) {
  TRY_ASSIGN(const auto l, netlink_.link(device));
  const auto present = netlink_.addresses(l.index);
  if (present && std::ranges::any_of(*present, [&](const auto& a) { return a.address == address; })) return {};
  return netlink_.add_address({l.index, address, address.bits()});
}

Outcome<void> Machine::delete_inside(const std::string& device, const IpAddress& address) {
  const auto l = netlink_.link(device);
  if (!l) return {};  // gone with its interface
  const auto configured = [&](const netlink::OwnedAddress& a) { return a.interface == device && a.address == address; };
  if (std::ranges::any_of(addresses_, configured)) return {};  // the configuration wants it too
  return netlink_.delete_address({l->index, address, address.bits()});
}

std::vector<tunnel::LinkInfo> Machine::links() {
  std::vector<tunnel::LinkInfo> out;
  const auto links = netlink_.links();
  const auto addresses = netlink_.addresses();
  if (!links || !addresses) return out;
  for (const auto& l : *links) {
    tunnel::LinkInfo info{l.name, static_cast<int>(l.index), l.running, {}, l.mtu};
    for (const auto& a : *addresses)
      if (a.ifindex == l.index) info.addresses.push_back(a.address);
    out.push_back(std::move(info));
  }
  return out;
}

Machine::Changes Machine::changes() {
  const auto events = monitor_.read();
  if (!events) return {true, true};
  Changes out;
  std::set<unsigned> back;
  for (const auto& e : *events) {
    if (const auto* r = std::get_if<netlink::RouteChanged>(&e)) {
      out.routes |= !r->gone && r->route.protocol != netlink::kRouteProtocol;
      continue;
    }
    out.links = true;
    if (const auto* l = std::get_if<netlink::LinkChanged>(&e); l && !l->gone && l->link.running)
      back.insert(l->link.index);
    if (const auto* a = std::get_if<netlink::AddressChanged>(&e); a && !a->gone) back.insert(a->address.ifindex);
  }
  // The kernel dropped our routes with the link or the address they went by. Most are still there: that is no failure.
  for (const auto& r : static_routes_)
    if (back.contains(r.oif)) (void)netlink_.add_route(r);
  return out;
}

void Machine::remove_all() {
  for (const auto& r : static_routes_) (void)netlink_.delete_route(r);
  static_routes_.clear();
  (void)netlink_.cleanup_stale(addresses_);
  addresses_.clear();
  write_record();
  (void)firewall_.remove_all();
}

}  // namespace dormouse::daemon
