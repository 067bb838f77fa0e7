// A gateway and its fleet of laptops over simulated weeks. Every laptop is a whole client, the gateway a whole gateway;
// what they may do is checked against an oracle that knows the rules and none of the product.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "sim/fleet_disk.h"
#include "sim/fleet_machine.h"
#include "sim/fleet_net.h"
#include "sim/fleet_oracle.h"
#include "sim/fleet_queue.h"

namespace dormouse::sim {

struct FleetPlan {
  std::uint64_t seed = 1;
  unsigned laptops = 100;
  Duration time = std::chrono::hours(24);
  bool reauth = false;                                 ///< RFC 4478: a login every keylife
  bool quick_crash = true;                             ///< RFC 6290
  Duration between_restarts = std::chrono::hours(12);  ///< of the gateway, on average
  unsigned copies_per_mille = 10;                      ///< laptops of which a thief has a copy
  std::optional<unsigned> follow{};                    ///< a laptop whose story is told on standard error
};

/// What there is to say at the end.
struct FleetReport {
  std::vector<std::string> wrong{};  ///< each a violation, with its time; the first hundred
  std::uint64_t violations = 0;
  std::map<std::string, std::uint64_t> logins{};  ///< by reason
  std::map<std::string, std::uint64_t> counts{};
  std::map<std::string, Duration> slowest{};  ///< return, by way, where no packet was lost
  std::uint64_t digest = 0;
};

class Fleet {
 public:
  explicit Fleet(FleetPlan plan);
  ~Fleet();
  /// The whole story, and the quiet end: everybody gone, all windows over.
  FleetReport run();

 private:
  static constexpr std::int64_t kEpoch = 1'800'000'000'000'000'000;  ///< calendar time when the story begins
  enum class Power : std::uint8_t { off, asleep, awake };
  struct Laptop {
    explicit Laptop(Machine::Outside outside) : machine(std::move(outside)) {}
    unsigned n = 0;
    Machine machine;
    Link link{};
    Power power = Power::off;
    std::shared_ptr<const config::Model> model{};
    std::optional<Instant> tick_at{};
    std::uint64_t plan = 0, watch = 0;  ///< count: what was arranged for an older one does not happen
    Instant since{}, back{};
    Instant new_sas{};  ///< when it last came back by ticket or login
    bool returning = false;
    std::uint64_t sent = 0;
    std::uint64_t spi_at_gateway = 0;  ///< the initiator's, of its newest IKE SA there
    Instant heard{}, answered{};       ///< last payload of it at the gateway, and answer to it
    std::optional<IpAddress> inside{};
    std::set<std::uint64_t> parked{};
    // a copy
    Machine::Journal journal{};
    std::size_t fork = 0;
    bool copied = false;
  };
  struct Copy;

  // fleet.cc: the machines and what they say
  void start_gateway();
  void gateway_acted(std::vector<tunnel::Action>& actions);
  void expect_late(const LogEvent& down);
  void gateway_saved(const tunnel::SessionRecord& record, std::map<unsigned, Way>& in);
  void gateway_made_sa(const tunnel::SaveBlob& blob, const std::map<unsigned, Way>& in);
  void gateway_heard(Link& from, const Endpoint& local, const Endpoint& remote, const Bytes& message);
  void gateway_delivered(std::uint64_t payload);
  void laptop_acted(Laptop& l, std::vector<tunnel::Action>& actions);
  void laptop_back(Laptop& l, Way way);
  void laptop_delivered(Laptop& l, std::uint64_t payload);
  void schedule(Laptop& l);
  void schedule_gateway();

  // fleet_life.cc: what happens to them
  void begin(Laptop& l);
  void switch_on(Laptop& l);
  void switch_off(Laptop& l);
  void close_lid(Laptop& l);
  void open_lid(Laptop& l);
  void network_back(Laptop& l);
  void go_elsewhere(Laptop& l, bool awake);
  void lose_path(Laptop& l, Duration for_how_long);
  void live(Laptop& l);
  void act(Laptop& l);
  void say(Laptop& l);
  void talk(Laptop& l);
  void arrange(Laptop& l, Duration wait, void (Fleet::*what)(Laptop&));
  void watch(Laptop& l);
  void expect_parked(Laptop& l, bool by_address);
  void restart_gateway();
  void gateway_back(Oracle::Restart how, bool reboot);
  void step_calendar();
  void administrator();
  void inside_talks();
  void everybody_in();
  void everybody_out();
  void expect_nothing_left();
  [[nodiscard]] tunnel::Footprint footprint_between_logins();
  void expect_bounds();
  void release_copy(Laptop& l);  // fleet_copy.cc
  [[nodiscard]] Place some_place(const Laptop& l);
  [[nodiscard]] Duration about(Duration mean);  ///< exponential, at most eight times the mean
  [[nodiscard]] bool chance(unsigned permille) { return rng_->below(1000) < permille; }

  void diary(unsigned n, const std::string& line) const;
  void wrong(const std::string& what);
  void wrong(const Laptop& l, const std::string& what) { wrong("laptop " + std::to_string(l.n) + ": " + what); }
  void note(std::uint64_t kind, std::uint64_t a = 0, std::uint64_t b = 0);
  [[nodiscard]] Instant gateway_now() const { return Instant::from_ns((queue_.now() - gateway_boot_).count()); }
  [[nodiscard]] store::ClockReading gateway_clocks() const;

  FleetPlan plan_;
  Rules rules_;
  std::unique_ptr<Rng> rng_;
  Queue queue_;
  Net net_;
  Oracle oracle_;
  FleetReport report_;
  std::vector<std::unique_ptr<Laptop>> laptops_;
  std::vector<std::unique_ptr<Copy>> copies_;
  Machine gateway_;
  std::shared_ptr<const config::Model> gateway_model_;
  Disk disk_;
  Instant gateway_boot_{}, gateway_since_{};
  unsigned boots_ = 1;
  Duration calendar_{};    ///< what the gateway's calendar is ahead of the world
  Duration unfollowed_{};  ///< what it was set by and the disk has not been told of
  std::optional<Instant> gateway_tick_at_{};
  bool ending_ = false, restoring_ = false;
  std::uint64_t seeds_ = 0;
};

}  // namespace dormouse::sim
