// Logins without a Child SA (RFC 6023). The responder says in IKE_SA_INIT that it takes them; an initiator that wants
// to then leaves SA and TS out of IKE_AUTH, and makes its Child SAs by CREATE_CHILD_SA, with a key exchange of their
// own.
#include "ike/sa_impl.h"

namespace dormouse::ike {

/// Responder, of the answer to IKE_SA_INIT, or to IKE_SESSION_RESUME, which stands for it (RFC 5723 5). Who was told so
/// is served so, whichever phase 1 it turns out to be (3).
void SaImpl::offer_childless(Payloads& p) {
  childless_ = policy_.childless;
  if (childless_)
    p.push_back(wire::NotifyPayload{.protocol = Protocol::ike, .type = wire::NotifyType::childless_ikev2_supported});
}

/// Initiator: not without the responder's word (3). After a ticket never: whoever comes back wants to be there at once.
void SaImpl::learn_childless(const Payloads& p) {
  childless_ = policy_.childless && wire::find_notify(p, wire::NotifyType::childless_ikev2_supported) != nullptr;
}

/// Asks for the Child SAs that the login did not make.
void SaImpl::create_children_from(std::size_t first, Instant now, Outbox& out) {
  for (std::size_t i = first; i < children_policy_.size(); ++i) create_child(children_policy_[i], now, out);
}

}  // namespace dormouse::ike
