#include "sim/fleet_oracle.h"

#include <algorithm>

namespace dormouse::sim {
namespace {

constexpr Duration kRounding = 20s;  // both ends round lifetimes down, and a client lets go of a ticket a little early
constexpr Duration kReauthEarly = 380s;  // a client logs in again so long before the deadline, spread
constexpr Duration kTimeToLogIn = 30s, kTimeToLogInWithLosses = 120s;
constexpr Duration kExchange = 5s;  // what was agreed less than that before a silence may not be known to both ends

}  // namespace

// --- what happens

void Oracle::switched_on(unsigned n, Instant) {
  auto& f = facts_[n];
  f.on = true;
  f.stateless = true;
  f.keeps_address = false;
  f.why = f.was_in ? "the laptop lost its state" : "first login";
}

void Oracle::reachable(unsigned n, Instant now, bool clean) {
  auto& f = facts_[n];
  f.reachable = true;
  f.clean = clean;
  f.back = now;
  // Where it is when the window ends does not matter to what was over before.
  if (sas_may_be_gone(f, now)) lose(f, f.why);
}

/// Sticky until there are new SAs: whatever it says from now on is not heard.
void Oracle::lose(Facts& f, const char* why) {
  f.sas_gone = true;
  f.keeps_address = false;
  f.why = why;
}

void Oracle::contact(unsigned n, Instant now) {
  auto& f = facts_[n];
  if (sas_may_be_gone(f, now)) lose(f, f.why);
  f.contact = now;
}

void Oracle::gateway_up(Instant now, const Restart& how) {
  gateway_up_ = true;
  gateway_since_ = now;
  for (auto& f : facts_) {
    if (!f.stateless && !f.sas_gone) f.why = "the gateway was restarted, and no ticket was good";
    f.sas_gone = true;
    f.jump = std::max(f.jump, how.calendar_jump);
    f.login_jump += how.calendar_jump;
    if (how.calendar_jump > Duration{}) f.keeps_address = false;
    if (!how.writes_lost_since) continue;
    f.keeps_address = false;
    if (how.ticket_keys_lost && f.ticket + kExchange >= *how.writes_lost_since) {
      f.no_ticket = true;
      f.why = "the gateway lost its newest writes";
    }
  }
}

void Oracle::ended(unsigned n) {
  auto& f = facts_[n];
  lose(f, "an administrator ended the tunnel");
  f.no_ticket = true;
}

// --- what follows

bool Oracle::sas_may_be_gone(const Facts& f, Instant now) const {
  return f.sas_gone || now - f.contact + f.jump > rules_.interval || now + kRounding > f.sa + rules_.keylife ||
         (rules_.reauth && now + f.login_jump + kRounding > f.login + rules_.keylife);
}

bool Oracle::ticket_may_be_bad(const Facts& f, Instant now) const {
  const auto born = f.contact - f.sa < kExchange ? std::min(f.ticket, f.ticket_before) : f.ticket;
  return f.no_ticket || now + f.jump + kRounding > born + rules_.keylife ||
         (rules_.reauth && now + f.login_jump + kRounding > f.login + rules_.keylife);
}

const char* Oracle::login_reason(unsigned n, Instant now, Instant last_loss) const {
  const auto& f = facts_[n];
  if (f.stateless) return f.why;
  if (f.login_unanswered) return "the answer to its login was lost";
  if (rules_.reauth && now + f.login_jump + kReauthEarly > f.login + rules_.keylife)
    return "the re-authentication deadline";
  if (sas_may_be_gone(f, now) && ticket_may_be_bad(f, now))
    return f.no_ticket ? f.why : "away for longer than the window and the ticket last";
  if (!f.clean && last_loss >= f.back) return "packets were lost on the way back: a ticket and a login race";
  return nullptr;
}

void Oracle::logged_in(unsigned n, Instant now) {
  auto& f = facts_[n];
  f.login = now;
  f.jump = f.login_jump = {};
  f.login_unanswered = true;  // until the laptop is seen to have it
}

void Oracle::sa_made(unsigned n, Instant now, std::optional<Way> by) {
  auto& f = facts_[n];
  f.sa = now;
  f.ticket_before = f.ticket;
  f.ticket = now;
  if (by == Way::ticket) f.sas_gone = true;  // the old ones, until the laptop has the new ones
  if (!by) f.jump = {};
}

std::string Oracle::came_back(unsigned n, Way way, Instant now, Instant last_loss) {
  auto& f = facts_[n];
  std::string wrong;
  const bool sound = f.clean && last_loss < f.back && f.reachable;
  if (way == Way::address && f.sa < gateway_since_) wrong = "woke by address though the gateway had lost its SAs";
  // The ticket is asked in one breath with the old SAs, and either may be heard first; a login comes after both.
  if (way == Way::login && !f.stateless && sound && !f.sas_gone && !f.login_unanswered && !sas_may_be_gone(f, now) &&
      now + f.login_jump + kReauthEarly < f.login + rules_.keylife)
    wrong = "did not wake by address though its SAs were alive";
  if (way == Way::ticket) accepted_[f.last_ticket] = true;
  if (way != Way::address) {
    f.sas_gone = f.no_ticket = f.login_unanswered = false;
    f.ticket_before = f.ticket;
  }
  f.stateless = false;
  f.was_in = f.keeps_address = true;
  f.contact = now;
  return wrong;
}

std::string Oracle::put_out(unsigned n, Instant now) const {
  const auto& f = facts_[n];
  const auto since = std::max(f.back, gateway_since_);
  const bool could = f.on && f.reachable && f.login_jump == Duration{} &&
                     now - since > (f.clean ? kTimeToLogIn : kTimeToLogInWithLosses);
  return could ? "was put out, though it had the time to log in again" : "";
}

std::string Oracle::inside(unsigned n, const IpAddress& address) {
  auto& f = facts_[n];
  std::string wrong;
  // Where packets are lost a login may win the race, from an address that the gateway has not heard of yet: in doubt a
  // new tunnel.
  if (f.keeps_address && f.clean && f.inside && *f.inside != address)
    wrong = "has " + address.text() + " inside, though " + f.inside->text() + " was its own";
  f.inside = address;
  return wrong;
}

std::string Oracle::holds(unsigned index, const Lease& lease) {
  holds_no_more(index);
  std::string wrong;
  if (const auto other = by_address_.find(lease.address); other != by_address_.end())
    wrong = lease.address.text() + " is held by index " + std::to_string(other->second) + " (laptop " +
            std::to_string(leases_[other->second].laptop) + ") and index " + std::to_string(index);
  leases_[index] = lease;
  by_address_[lease.address] = index;
  return wrong;
}

void Oracle::holds_no_more(unsigned index) {
  const auto was = leases_.extract(index);
  if (was.empty()) return;
  if (const auto at = by_address_.find(was.mapped().address); at != by_address_.end() && at->second == index)
    by_address_.erase(at);
}

void Oracle::holds_nothing() {
  leases_.clear();
  by_address_.clear();
}

const Oracle::Lease* Oracle::lease(unsigned index) const {
  const auto at = leases_.find(index);
  return at == leases_.end() ? nullptr : &at->second;
}

std::optional<unsigned> Oracle::index_at(const IpAddress& address) const {
  const auto at = by_address_.find(address);
  return at == by_address_.end() ? std::nullopt : std::optional(at->second);
}

std::string Oracle::ticket_accepted(unsigned n, std::uint64_t spi) {
  const auto node = shown_.extract(spi);
  if (node.empty()) return {};
  const auto [at, fresh] = accepted_.try_emplace(node.mapped(), false);
  facts_[n].last_ticket = node.mapped();
  return at->second ? "a ticket was accepted again after its owner had used it" : std::string();
}

}  // namespace dormouse::sim
