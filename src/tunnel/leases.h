// The inside addresses of one phase 1 that dialup clients hold: who holds which, who had which. Pure: a table.
//
// A holder is an instance of the phase 1, by its index; it holds an address from its login until it is gone, asleep or
// not. The owner is the identity that was authenticated: what it had last it gets again, as long as nobody else has it.
#pragma once
#include <map>
#include <optional>
#include <vector>

#include "base/ip.h"
#include "base/transform.h"

namespace dormouse::tunnel {

class LeasePool {
 public:
  LeasePool() = default;
  /// `ranges` of one family, each with first <= last, without overlaps.
  explicit LeasePool(std::vector<IpRange> ranges);

  /// The address `holder` has, else a free one: what `owner` had last, else `hint`, else one nobody had, else the one
  /// that rests longest. None: the pool is full.
  [[nodiscard]] std::optional<IpAddress> take(unsigned holder, const Identity& owner,
                                              const std::optional<IpAddress>& hint = {});
  /// Exactly this one, e.g. after a restart or for a ticket. False, and nothing changes: not of this pool, somebody
  /// else's, or `holder` has another.
  [[nodiscard]] bool take_again(unsigned holder, const Identity& owner, const IpAddress& address);
  /// What `holder` has, if anything, is free again, and rests behind all others.
  void give_back(unsigned holder);

  [[nodiscard]] bool configured() const { return !ranges_.empty(); }
  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] std::optional<IpAddress> held_by(unsigned holder) const;
  [[nodiscard]] std::size_t held() const { return used_.size(); }
  /// Addresses in all; saturates.
  [[nodiscard]] std::uint64_t size() const;

 private:
  struct Lease {
    unsigned holder = 0;
    Identity owner;
  };
  struct Rest {  // an address that was given back
    std::uint64_t since = 0;
    Identity owner;
  };
  [[nodiscard]] bool is_free(const IpAddress& a) const { return contains(a) && !used_.contains(a); }
  [[nodiscard]] std::optional<IpAddress> fresh();
  void settle(unsigned holder, const Identity& owner, const IpAddress& address);
  void wake(const IpAddress& address);

  std::vector<IpRange> ranges_;
  std::map<IpAddress, Lease> used_;
  std::map<unsigned, IpAddress> by_holder_;
  std::map<IpAddress, Rest> resting_;
  std::map<std::uint64_t, IpAddress> by_rest_;                  // longest first
  std::map<Identity, std::map<std::uint64_t, IpAddress>> had_;  // resting addresses of an owner, longest first
  std::uint64_t rests_ = 0;
  std::size_t range_ = 0;               // where no one has been yet: range and
  std::optional<IpAddress> untouched_;  // address
};

}  // namespace dormouse::tunnel
