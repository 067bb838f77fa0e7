// How large a tunnel's packets may be, and what becomes of their headers: from the configuration, the link and what was
// agreed.
#include <algorithm>

#include "esp/fit.h"
#include "esp/transport_mode.h"
#include "tunnel/manager.h"

namespace dormouse::tunnel {

unsigned Manager::device_mtu(const config::Phase1& phase1, std::span<const Suite> suites, bool outer_v6,
                             esp::Encap encap, std::uint32_t saved) const {
  if (phase1.mtu != 0) return phase1.mtu;
  const LinkInfo* l = link(phase1.interface);
  // A link that takes more says nothing of the path behind it.
  const auto outer = l && l->mtu != 0 ? std::min<std::uint32_t>(l->mtu, esp::kUsualMtu) : esp::kUsualMtu;
  // The kernel is not to answer for us what we are told to cut; and IPv6 needs its smallest MTU at least. What then
  // does not fit is for the packet path.
  const auto room = model_->honor_df ? esp::inner_room(suites, outer_v6, encap, outer) + saved : outer;
  return std::max(room, esp::kSmallestIpv6Mtu);
}

unsigned Manager::device_mtu(const config::Phase1& phase1) const {
  std::vector<Suite> suites;
  for (const auto* p : model_->phase2_of(phase1.name)) suites.insert(suites.end(), p->suites.begin(), p->suites.end());
  const bool udp = phase1.nattraversal != config::NatTraversal::disable;
  return device_mtu(phase1, suites, phase1.family == Family::v6, udp ? esp::Encap::udp : esp::Encap::none);
}

bool Manager::sets_mtu(const std::string& device) const {
  const auto* configured = model_->find_interface(device);
  return configured && configured->mtu != 0;
}

void Manager::fit_shared_devices() {
  for (const auto& [name, device] : shared_devices_) {
    const auto* p = model_->find_phase1(name);
    if (p && !sets_mtu(device.name)) data_.set_mtu(device.id, device_mtu(*p));
  }
}

void Manager::fit_device(Tunnel& t) {
  if (!t.own_device || t.children.empty() || sets_mtu(t.device_name)) return;
  std::vector<Suite> suites;
  for (const auto& c : t.children) suites.push_back(c.suite);
  const bool v6 = !t.outer.remote.address.is_v4();
  // In transport mode a packet's own IP header is the outer one.
  const bool one_header = std::ranges::all_of(t.children, &TunnelChild::transport);
  const auto mtu = device_mtu(*t.phase1, suites, v6, t.outer.encap, one_header ? esp::ip_header(v6) : 0);
  if (mtu == t.mtu) return;
  t.mtu = mtu;
  note_changed(t);
  data_.set_mtu(t.device, mtu);
}

void Manager::follow_size(Tunnel& t, const std::vector<LinkInfo>& before) {
  const auto* is = link(t.phase1->interface);
  const auto was = std::ranges::find(before, t.phase1->interface, &LinkInfo::name);
  if (!t.in_data_plane || !is || (was != before.end() && was->mtu == is->mtu)) return;
  data_.set_path(t.id, t.outer);  // the same one, to be measured again
  fit_device(t);
}

esp::HeaderRules Manager::headers_of(const Tunnel& t, const std::string& phase2) const {
  esp::HeaderRules rules{
      .dscp_inwards = t.phase1->dscp_inwards, .honor_df = model_->honor_df, .fragment_inner = t.phase1->fragment_inner};
  for (const auto* p : model_->phase2_of(t.phase1->name)) {
    if (p->name != phase2) continue;
    rules.outer_df = p->ipv4_df == config::Ipv4Df::enable ? esp::OuterDf::set
                     : p->ipv4_df == config::Ipv4Df::copy ? esp::OuterDf::copy
                                                          : esp::OuterDf::clear;
    rules.dscp = p->dscp;
    rules.dscp_inwards = p->dscp_inwards.value_or(rules.dscp_inwards);
  }
  return rules;
}

}  // namespace dormouse::tunnel
