#include "ike/sa.h"

namespace dormouse::ike {

Rekeyed::Rekeyed(IkeSaId old, std::unique_ptr<IkeSa> next) : old_sa(old), successor(std::move(next)) {}
Rekeyed::Rekeyed(Rekeyed&&) noexcept = default;
Rekeyed& Rekeyed::operator=(Rekeyed&&) noexcept = default;
Rekeyed::~Rekeyed() = default;

const char* name_of(CloseReason r) {
  switch (r) {
    case CloseReason::deleted_by_peer: return "deleted by peer";
    case CloseReason::deleted: return "deleted";
    case CloseReason::rekeyed: return "rekeyed";
    case CloseReason::expired: return "lifetime expired";
    case CloseReason::negotiation_timeout: return "negotiation timeout";
    case CloseReason::no_answer: return "no answer";
    case CloseReason::auth_failed: return "authentication failed";
    case CloseReason::no_proposal: return "no proposal chosen";
    case CloseReason::refused: return "refused";
    case CloseReason::no_address: return "no inside address";
    case CloseReason::malformed: return "malformed message";
    case CloseReason::redirected: return "redirected";
    case CloseReason::no_cookie2: return "return routability check failed";
  }
  return "?";
}

const char* name_of(SaState s) {
  switch (s) {
    case SaState::init_sent: return "init_sent";
    case SaState::auth_sent: return "auth_sent";
    case SaState::half_open: return "half_open";
    case SaState::established: return "established";
    case SaState::rekeyed: return "rekeyed";
    case SaState::closing: return "closing";
    case SaState::closed: return "closed";
  }
  return "?";
}

}  // namespace dormouse::ike
