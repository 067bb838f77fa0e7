// The simulated network: hosts by outer address, delay, loss, duplication, reordering and cut links, one virtual clock.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "sim/fake_data_plane.h"

namespace dormouse::sim {

class Host;

/// How a host's link treats each datagram, both ways. Probabilities in permille.
struct Weather {
  Duration delay = 10ms;
  Duration jitter = 0ms;  ///< up to so much more: packets overtake each other
  unsigned loss = 0, duplicate = 0;
  bool cut = false;
};

class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();
  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] Rng& rng() { return *rng_; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }

  /// `name` for logs; the host starts with `address` outside.
  Host& add_host(const std::string& name, const IpAddress& address);
  [[nodiscard]] Host& host(const std::string& name);
  void readdress(Host& host, const IpAddress& address) { readdress(host, std::vector{address}); }
  void readdress(Host& host, const std::vector<IpAddress>& addresses);
  /// Nothing gets to this address any more, nor from it, and nobody is told.
  void lose(const IpAddress& address) { lost_.insert(address); }
  Weather& weather(const std::string& host) { return weather_[host]; }

  void send_ike(Host& from, const Endpoint& local, const Endpoint& remote, Bytes message);
  void send_esp(Host& from, const esp::OuterPath& path, const EspPacket& packet);

  /// Runs everything due until `until`; the clock then stands there.
  void run_until(Instant until);
  void run_for(Duration d) { run_until(now_ + d); }
  /// Runs until `done` or the limit; true if done.
  bool run_while_not(const std::function<bool()>& done, Duration limit);
  /// Sees every IKE message that leaves a host; true: it is lost on the way.
  std::function<bool(const Host& from, const Bytes& message)> on_ike;
  /// Schedules a step of the scenario.
  void at(Instant when, std::function<void()> what);
  /// Recent datagrams, newest last, for the report of a failed seed.
  [[nodiscard]] const std::vector<std::string>& ladder() const { return ladder_; }

 private:
  void deliver(Host& from, const IpAddress& source, const IpAddress& to, std::function<void(Host&)> arrive,
               const std::string& what);
  std::uint64_t seed_;
  std::unique_ptr<Rng> rng_;
  Instant now_ = Instant::from_ns(1'000'000'000'000);
  std::multimap<Instant, std::function<void()>> queue_;
  std::map<std::string, std::unique_ptr<Host>> hosts_;
  std::map<IpAddress, Host*> by_address_;
  std::map<std::string, Weather> weather_;
  std::set<IpAddress> lost_;
  std::vector<std::string> ladder_;
};

}  // namespace dormouse::sim
