// Configuration payloads of the login (RFC 7296 2.19): what the initiator asks for and what the responder gives.
#include "ike/sa_impl.h"

namespace dormouse::ike {

std::optional<wire::InsideRequest> SaImpl::asked_inside(const Payloads& p) {
  const auto* cp = wire::find<wire::ConfigPayload>(p);
  if (!cp || cp->type != static_cast<std::uint8_t>(wire::ConfigType::request)) return std::nullopt;
  return wire::read_request(*cp);
}

void SaImpl::take_inside(const Payloads& p, Outbox& out) {
  const auto* cp = wire::find<wire::ConfigPayload>(p);
  if (cp && cp->type == static_cast<std::uint8_t>(wire::ConfigType::reply)) inside_ = wire::read_config(*cp);
  // Nobody puts an address on our interface that we did not ask for.
  if (inside_ && !ask_inside_->v4) inside_->addresses.v4.reset();
  if (inside_ && !ask_inside_->v6) inside_->addresses.v6.reset();
  if (inside_ && !inside_->addresses.empty()) return log_inside(*inside_, out);
  out.log(LogId::mode_cfg_unanswered, scope());
}

void SaImpl::log_inside(const wire::InsideConfig& config, Outbox& out) const {
  if (!out.debug()) return;
  const auto line = [&](LogId ours, wire::ConfigAttr a, std::string value) {
    out.log(initiator_ ? LogId::mode_cfg_received : ours, scope(),
            {static_cast<std::uint64_t>(a), std::string(wire::name_of(a)), std::move(value)});
  };
  using enum wire::ConfigAttr;
  if (config.addresses.v4) {
    line(LogId::mode_cfg_assigned, ip4_address, config.addresses.v4->text());
    line(LogId::mode_cfg_assigned, ip4_netmask, v4_mask(config.v4_length).text());
  }
  if (config.addresses.v6)
    line(LogId::mode_cfg_assigned, ip6_address, config.addresses.v6->text() + "/" + std::to_string(config.v6_length));
  for (const auto& server : config.dns) line(LogId::mode_cfg_send, server.is_v4() ? ip4_dns : ip6_dns, server.text());
  for (const auto& subnet : config.subnets)
    line(LogId::mode_cfg_send, subnet.address.is_v4() ? ip4_subnet : ip6_subnet, subnet.text());
  for (const auto& name : config.domains) line(LogId::mode_cfg_send, dns_domain, name);
}

}  // namespace dormouse::ike
