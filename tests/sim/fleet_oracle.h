// What ought to happen, told from the rules alone: a second, simple account of a fleet that calls nothing of the
// product. It hears what befell each laptop and the gateway (lids, lost paths, restarts, lost writes, calendars that
// jump) and what a bystander sees (a login, an IKE SA made, a lease written down), and says of each login whether the
// rules call for it, of each return by which way it had to be, and of each address whether it may change.
//
// It reckons with the earliest moment at which something may be over, never with the moment at which the product ends
// it: a login is called for when the old SAs may be gone and no ticket can be good.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/time.h"

namespace dormouse::sim {

enum class Way : std::uint8_t { address, ticket, login };

/// The numbers of the configuration that decide.
struct Rules {
  Duration interval{};  ///< client-resume-interval
  Duration keylife{};   ///< of an IKE SA, and so of a ticket; with `reauth` of a login too
  bool reauth = false;
  Duration notice{};  ///< from the last word of a laptop to the gateway's "asleep", at most
  std::uint64_t pool = 0;
};

class Oracle {
 public:
  Oracle(Rules rules, unsigned laptops) : rules_(rules), facts_(laptops) {}

  // --- what happens; times are the world's
  void switched_on(unsigned n, Instant now);
  /// From now on it can reach the gateway if the gateway is there: it woke, moved, or its path is back.
  void reachable(unsigned n, Instant now, bool clean);
  void unreachable(unsigned n) { facts_[n].reachable = false; }
  /// A datagram of it arrived that a living SA of it would have taken.
  void contact(unsigned n, Instant now);
  void gateway_down() { gateway_up_ = false; }
  struct Restart {
    std::optional<Instant> writes_lost_since{};
    bool ticket_keys_lost = false;
    Duration calendar_jump{};  ///< forward, over a reboot
  };
  void gateway_up(Instant now, const Restart& how);
  /// An administrator ended its tunnels.
  void ended(unsigned n);

  // --- what is seen
  /// At the gateway. Null: the rules do not call for it.
  [[nodiscard]] const char* login_reason(unsigned n, Instant now, Instant last_loss) const;
  void logged_in(unsigned n, Instant now);
  void sa_made(unsigned n, Instant now, std::optional<Way> by);
  /// At the laptop. Returns what is wrong with it, or nothing.
  [[nodiscard]] std::string came_back(unsigned n, Way way, Instant now, Instant last_loss);
  /// The gateway put it out at its re-authentication deadline. Returns what is wrong with that, or nothing.
  [[nodiscard]] std::string put_out(unsigned n, Instant now) const;
  /// It has this inside address now.
  [[nodiscard]] std::string inside(unsigned n, const IpAddress& address);

  struct Lease {
    unsigned laptop = 0;
    IpAddress address{};
    bool asleep = false;
    Instant login{};  ///< on the gateway's clock
  };
  /// The gateway wrote down a tunnel. Returns what is wrong with it, or nothing.
  [[nodiscard]] std::string holds(unsigned index, const Lease& lease);
  void holds_no_more(unsigned index);
  void holds_nothing();
  [[nodiscard]] const Lease* lease(unsigned index) const;
  [[nodiscard]] const std::map<unsigned, Lease>& leases() const { return leases_; }
  [[nodiscard]] std::optional<unsigned> index_at(const IpAddress& address) const;
  [[nodiscard]] Instant last_contact(unsigned n) const { return facts_[n].contact; }
  [[nodiscard]] bool pool_full() const { return by_address_.size() >= rules_.pool; }

  /// A ticket was shown with this initiator SPI.
  void ticket_shown(std::uint64_t spi, const std::string& ticket) { shown_[spi] = ticket; }
  [[nodiscard]] bool is_of_ticket(std::uint64_t spi) const { return shown_.contains(spi); }
  /// The gateway made an IKE SA of it. Returns what is wrong with that, or nothing.
  [[nodiscard]] std::string ticket_accepted(unsigned n, std::uint64_t spi);

 private:
  struct Facts {
    bool on = false, reachable = false, clean = true;
    bool stateless = true, was_in = false;  ///< knows no SAs; has ever been in
    Instant back{};                         ///< since when it could reach the gateway
    Instant contact{}, login{}, sa{}, ticket{}, ticket_before{};
    bool sas_gone = true, no_ticket = true, login_unanswered = false;
    const char* why = "first login";
    Duration jump{};        ///< what the calendar may have moved the times of its SAs by
    Duration login_jump{};  ///< and that of its login, which no new SA mends
    std::optional<IpAddress> inside{};
    bool keeps_address = false;
    std::string last_ticket{};
  };
  [[nodiscard]] bool sas_may_be_gone(const Facts& f, Instant now) const;
  [[nodiscard]] bool ticket_may_be_bad(const Facts& f, Instant now) const;
  void lose(Facts& f, const char* why);
  Rules rules_;
  std::vector<Facts> facts_;
  bool gateway_up_ = false;
  Instant gateway_since_{};
  std::map<unsigned, Lease> leases_;
  std::map<IpAddress, unsigned> by_address_;
  std::map<std::uint64_t, std::string> shown_;
  std::map<std::string, bool> accepted_;  ///< true: its owner used the SA that came of it
};

}  // namespace dormouse::sim
