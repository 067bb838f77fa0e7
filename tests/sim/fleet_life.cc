// What happens to the machines of a fleet, and what is looked at afterwards.
#include <cmath>

#include "base/limits.h"
#include "sim/fleet_copy.h"

namespace dormouse::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const IpAddress kInside = *IpAddress::parse("192.168.5.44");
constexpr unsigned kSerialBits = 32;
/// Up again after everything it needs is there: dead peer detection of a client that nobody woke, and a login.
constexpr Duration kBound = 240s;

}  // namespace

Duration Fleet::about(Duration mean) {
  const auto u = (static_cast<double>(rng_->below(1U << 30)) + 1) / (1U << 30);
  const auto t = std::chrono::duration<double>(mean) * std::min(8.0, -std::log(u));
  return std::chrono::duration_cast<Duration>(t);
}

Place Fleet::some_place(const Laptop& l) {
  Place p;
  const auto kind = rng_->below(100);
  if (kind < 40) {  // an office or a café: many share an address
    p.address = IpAddress::v4(0x0a640000U + l.n % 60000 + 1);
    p.nat = IpAddress::v4(0x5b000001U + static_cast<std::uint32_t>(rng_->below(1 + plan_.laptops / 40)));
  } else if (kind < 75) {  // at home
    p.address = IpAddress::v4(0xc0a80102U + static_cast<std::uint32_t>(rng_->below(8)));
    p.nat = IpAddress::v4(0x5c000001U + l.n * 4 + static_cast<std::uint32_t>(rng_->below(2)));
  } else {
    p.address = IpAddress::v4(0x20000000U + l.n * 16 + static_cast<std::uint32_t>(rng_->below(16)));
  }
  p.delay = Duration(1ms) * static_cast<std::int64_t>(2 + rng_->below(40));
  if (chance(20)) p.delay = 280ms;  // by satellite
  if (chance(300)) p.jitter = Duration(1ms) * static_cast<std::int64_t>(rng_->below(30));
  if (chance(150)) {
    p.loss = static_cast<unsigned>(rng_->below(80));
    p.jitter = Duration(1ms) * static_cast<std::int64_t>(rng_->below(200));
  }
  if (chance(100)) p.duplicate = static_cast<unsigned>(rng_->below(100));
  return p;
}

/// What is arranged replaces what was arranged before.
void Fleet::arrange(Laptop& l, Duration wait, void (Fleet::*what)(Laptop&)) {
  queue_.after(wait, [this, &l, what, plan = ++l.plan] {
    if (l.plan == plan && !ending_) (this->*what)(l);
  });
}

// --- a laptop's days

void Fleet::begin(Laptop& l) {
  net_.move(l.link, some_place(l));
  arrange(l, about(minutes(10)), &Fleet::switch_on);
  queue_.after(about(minutes(20)), [this, &l] { talk(l); });
}

void Fleet::switch_on(Laptop& l) {
  l.power = Power::awake;
  l.link.listening = true;
  l.link.cut = false;
  l.fork = 0;
  l.journal.clear();
  if (l.copied) l.machine.record(&l.journal);
  oracle_.switched_on(l.n, queue_.now());
  oracle_.reachable(l.n, queue_.now(), l.link.place.calm());
  diary(l.n, "switched on at " + l.link.place.address.text());
  l.machine.start(l.model, l.link.place.address, plan_.seed * 7919 + ++seeds_);
  if (plan_.follow == l.n) l.machine.manager().set_debug(true);
  l.back = queue_.now();
  watch(l);
  schedule(l);
  live(l);
}

void Fleet::switch_off(Laptop& l) {
  diary(l.n, "switched off");
  ++report_.counts["switched off"];
  l.power = Power::off;
  l.link.listening = false;
  l.machine.kill();
  l.parked.clear();
  oracle_.unreachable(l.n);
  ++l.watch;
  arrange(l, about(hours(2)), &Fleet::switch_on);
}

void Fleet::live(Laptop& l) {
  if (l.power == Power::awake) arrange(l, about(minutes(45)), &Fleet::act);
}

void Fleet::act(Laptop& l) {
  const auto what = rng_->below(100);
  note(9, l.n, what);
  if (what < 60) return close_lid(l);
  if (what < 63) return switch_off(l);
  if (what < 78) {
    lose_path(l, about(chance(800) ? Duration(minutes(1)) : Duration(hours(1))));
  } else if (what < 90) {
    go_elsewhere(l, true);
  } else {
    net_.forget_mapping(l.link);
    watch(l);
  }
  live(l);
}

void Fleet::close_lid(Laptop& l) {
  diary(l.n, "lid closed");
  ++report_.counts["lids closed"];
  l.power = Power::asleep;
  l.link.listening = false;
  l.since = queue_.now();
  l.tick_at.reset();
  oracle_.unreachable(l.n);
  ++l.watch;
  if (!l.journal.empty() && l.fork == 0) l.fork = l.journal.size();
  const auto how_long = rng_->below(100);
  Duration sleep = about(minutes(10));
  if (how_long >= 50) sleep = about(hours(2));
  if (how_long >= 75) {  // until a morning; t = 0 is a Monday's midnight
    const auto today = queue_.now().since_boot() / hours(24);
    auto day = today + 1;
    if (day % 7 >= 5 && !chance(200)) day += 7 - day % 7;
    sleep = hours(24) * day + hours(8) + about(minutes(40)) - queue_.now().since_boot();
  }
  if (how_long >= 97) sleep += hours(24) * static_cast<std::int64_t>(rng_->below(6));
  if (sleep > minutes(3) && chance(700))
    queue_.after(minutes(3), [this, &l, plan = l.plan + 1] {
      if (l.plan == plan) net_.forget_mapping(l.link);
    });
  arrange(l, sleep, &Fleet::open_lid);
}

void Fleet::open_lid(Laptop& l) {
  diary(l.n, "lid opened");
  note(10, l.n);
  l.power = Power::awake;
  l.link.listening = true;
  l.link.cut = true;  // the radio takes a moment
  if (chance(400)) go_elsewhere(l, false);
  l.machine.woke(queue_.now() - l.since);
  l.returning = true;
  schedule(l);
  arrange(l, chance(500) ? Duration(0) : Duration(1ms) * static_cast<std::int64_t>(rng_->below(6000)),
          &Fleet::network_back);
}

void Fleet::network_back(Laptop& l) {
  diary(l.n, "network is back");
  l.link.cut = false;
  l.back = queue_.now();
  oracle_.reachable(l.n, queue_.now(), l.link.place.calm());
  l.machine.set_address(l.link.place.address);
  watch(l);
  schedule(l);
  live(l);
}

void Fleet::go_elsewhere(Laptop& l, bool awake) {
  ++report_.counts["moved"];
  net_.move(l.link, some_place(l));
  diary(l.n, "moved to " + l.link.place.address.text() +
                 (l.link.place.nat ? " behind " + l.link.place.nat->text() : "") + ", loss " +
                 std::to_string(l.link.place.loss));
  if (!awake) return;
  l.back = queue_.now();
  l.returning = false;
  oracle_.reachable(l.n, queue_.now(), l.link.place.calm());
  l.machine.set_address(l.link.place.address);
  watch(l);
  schedule(l);
}

void Fleet::lose_path(Laptop& l, Duration for_how_long) {
  ++report_.counts["paths cut"];
  diary(l.n, "path cut");
  l.link.cut = true;
  oracle_.unreachable(l.n);
  ++l.watch;
  queue_.after(for_how_long, [this, &l] {
    if (!l.link.cut || l.power != Power::awake) return;
    diary(l.n, "path back");
    l.link.cut = false;
    l.back = queue_.now();
    l.returning = false;
    oracle_.reachable(l.n, queue_.now(), l.link.place.calm());
    watch(l);
  });
}

// --- traffic

void Fleet::say(Laptop& l) {
  if (!l.machine.running() || l.power != Power::awake) return;
  l.machine.send_inside("toServer", kInside, std::uint64_t{l.n} << kSerialBits | (++l.sent & 0xffffffff));
  schedule(l);
}

void Fleet::talk(Laptop& l) {
  say(l);
  if (!ending_) queue_.after(about(minutes(15)), [this, &l] { talk(l); });
}

/// Somebody behind the gateway has something for a laptop, whether it is there or not.
void Fleet::inside_talks() {
  if (ending_) return;
  queue_.after(about(minutes(30)) / static_cast<std::int64_t>(plan_.laptops), [this] { inside_talks(); });
  Laptop& l = *laptops_[rng_->below(plan_.laptops)];
  const auto index = l.inside && gateway_.running() ? oracle_.index_at(*l.inside) : std::nullopt;
  if (!index || oracle_.lease(*index)->laptop != l.n) return;
  const auto payload = std::uint64_t{l.n} << kSerialBits | (++l.sent & 0xffffffff);
  if (oracle_.lease(*index)->asleep) {
    l.parked.insert(payload);
    if (l.parked.size() > limits::kParkedPackets) l.parked.erase(l.parked.begin());
  }
  gateway_.send_inside("toClient_" + std::to_string(*index), *l.inside, payload);
  schedule_gateway();
}

/// Its tunnel is in use again: what waited for it comes, if nothing happens to it just now. Sent on SAs that a ticket
/// replaces in the same moment, a packet may be overtaken by the answer and find them gone.
void Fleet::expect_parked(Laptop& l, bool by_address) {
  if (l.parked.empty()) return;
  queue_.after(5s, [this, &l, by_address, woken = queue_.now(), watched = l.watch] {
    const bool overtaken = by_address && l.new_sas >= woken;
    const bool calm = l.watch == watched && l.link.place.loss == 0 && l.link.trouble < l.back &&
                      queue_.now() - l.back > 5s && !l.link.cut && l.power == Power::awake;
    if (calm && !overtaken && !l.parked.empty())
      wrong(l, std::to_string(l.parked.size()) + " packets that waited for it did not come");
    report_.counts["parked packets looked after"] += l.parked.empty();
    l.parked.clear();
  });
}

/// All it needs is there from now on: in so long it must be through, both ways.
void Fleet::watch(Laptop& l) {
  const auto watched = ++l.watch;
  if (l.power != Power::awake || l.link.cut || !gateway_.running()) return;
  const auto still = [this, &l, watched] {
    return l.watch == watched && l.power == Power::awake && !l.link.cut && gateway_.running();
  };
  for (const auto when :
       {Duration(1s), kBound - 30s, kBound - 25s, kBound - 20s, kBound - 15s, kBound - 10s, kBound - 5s})
    queue_.after(when, [this, &l, still] {
      if (still()) say(l);
    });
  queue_.after(kBound, [this, &l, still, began = queue_.now()] {
    if (!still()) return;
    ++report_.counts["looked whether it is through"];
    if (l.heard < began + kBound - 31s) return wrong(l, "stuck: nothing of it arrives at the gateway");
    if (l.answered < began + kBound - 31s) wrong(l, "stuck: no answer arrives at it");
  });
}

// --- the gateway's days

void Fleet::restart_gateway() {
  if (ending_) return;
  Oracle::Restart how;
  const auto kind = rng_->below(10);
  note(11, kind);
  if (plan_.follow) diary(*plan_.follow, "GATEWAY DOWN, kind " + std::to_string(kind));
  ++report_.counts[kind < 4   ? "gateway killed"
                   : kind < 7 ? "gateway killed, writes lost"
                   : kind < 9 ? "gateway rebooted"
                              : "gateway stopped"];
  if (kind == 9) {
    gateway_.command([](tunnel::Manager& m, Instant now) { m.shutdown(now); });
    if (!plan_.quick_crash)
      for (auto& l : laptops_) oracle_.ended(l->n);
  }
  gateway_.kill();
  gateway_tick_at_.reset();
  oracle_.gateway_down();
  for (auto& l : laptops_) {
    ++l->watch;
    l->parked.clear();
  }
  if (kind == 4 || kind == 5 || kind == 6 || kind == 8) {
    const auto since = queue_.now() - Duration(1ms) * static_cast<std::int64_t>(rng_->below(5000));
    const auto lost = disk_.lose_newest((since.since_boot() + calendar_).count() + kEpoch);
    how.writes_lost_since = since;
    how.ticket_keys_lost = lost.ticket_keys;
    report_.counts["writes lost"] += lost.writes;
  } else {
    disk_.sync();
  }
  const auto down = kind >= 7 ? 20s + about(60s) : about(10s);
  queue_.after(down, [this, how, kind] { gateway_back(how, kind == 7 || kind == 8); });
}

void Fleet::gateway_back(Oracle::Restart how, bool reboot) {
  if (reboot) {
    ++boots_;
    gateway_boot_ = queue_.now() - 10s;
    how.calendar_jump = unfollowed_;
    unfollowed_ = {};
  }
  oracle_.gateway_up(queue_.now(), how);
  start_gateway();
  for (auto& l : laptops_) watch(*l);
  queue_.after(about(plan_.between_restarts), [this] { restart_gateway(); });
}

/// Somebody sets the gateway's calendar.
void Fleet::step_calendar() {
  if (ending_) return;
  const auto by = about(minutes(20));
  calendar_ += chance(500) ? by : -by;
  unfollowed_ += by;
  // The store looks at the clocks once a minute.
  queue_.after(about(30s), [this, boots = boots_, since = gateway_since_] {
    if (!gateway_.running() || boots_ != boots || gateway_since_ != since) return;
    disk_.follow_calendar(gateway_clocks(), std::to_string(boots_));
    unfollowed_ = {};
  });
  ++report_.counts["calendar set"];
  queue_.after(about(hours(10)), [this] { step_calendar(); });
}

void Fleet::administrator() {
  if (ending_) return;
  queue_.after(about(hours(6)), [this] { administrator(); });
  if (!gateway_.running() || oracle_.leases().empty()) return;
  auto at = oracle_.leases().begin();
  std::advance(at, static_cast<std::ptrdiff_t>(rng_->below(oracle_.leases().size())));
  const auto name = "toClient_" + std::to_string(at->first);
  const auto n = at->second.laptop;
  ++report_.counts["tunnels ended by hand"];
  const bool tell = chance(500);
  gateway_.command([name, tell](tunnel::Manager& m, Instant now) { tell ? m.clear(name, now) : m.flush(name, now); });
  oracle_.ended(n);
  laptops_[n]->parked.clear();
  watch(*laptops_[n]);
  schedule_gateway();
}

// --- the story

FleetReport Fleet::run() {
  start_gateway();
  oracle_.gateway_up(queue_.now(), {});
  for (auto& l : laptops_) begin(*l);
  inside_talks();
  queue_.after(about(plan_.between_restarts), [this] { restart_gateway(); });
  queue_.after(about(hours(3)), [this] { administrator(); });
  queue_.after(about(hours(5)), [this] { step_calendar(); });
  queue_.run_until(queue_.now() + plan_.time);
  everybody_in();
  everybody_out();
  report_.counts["datagrams"] = net_.datagrams;
  report_.counts["datagrams lost"] = net_.lost;
  report_.counts["steps"] = queue_.steps();
  return std::move(report_);
}

/// All laptops on, all paths there, and nothing happens for longer than a window: exactly one tunnel for each.
void Fleet::everybody_in() {
  queue_.run_until(queue_.now() + minutes(20));  // a restart under way ends
  ending_ = true;
  for (auto& l : laptops_) {
    ++l->plan;
    Place calm = l->link.place;
    calm.loss = 0;
    if (l->power == Power::off) {
      switch_on(*l);
    } else {
      if (l->power == Power::asleep) {
        l->power = Power::awake;
        l->link.listening = true;
        l->machine.woke(queue_.now() - l->since);
      }
      net_.move(l->link, calm);
      network_back(*l);
    }
  }
  queue_.run_until(queue_.now() + kBound + 1s);
  if (!gateway_.running()) return wrong("the gateway is not there");
  std::set<unsigned> in;
  for (const auto& [index, lease] : oracle_.leases())
    if (!lease.asleep) in.insert(lease.laptop);
  if (in.size() != laptops_.size())
    wrong("in the end " + std::to_string(in.size()) + " of " + std::to_string(laptops_.size()) + " laptops are in");
  for (Duration t{}; t < rules_.interval + rules_.notice + 10min; t += 4min) {
    for (auto& l : laptops_) say(*l);
    queue_.run_until(queue_.now() + 4min);
  }
  if (oracle_.leases().size() != laptops_.size())
    wrong(std::to_string(oracle_.leases().size()) + " leases for " + std::to_string(laptops_.size()) + " laptops");
  expect_bounds();
}

void Fleet::everybody_out() {
  for (auto& l : laptops_) {
    l->power = Power::off;
    l->link.listening = false;
    ++l->watch;
    l->machine.kill();
  }
  queue_.run_until(queue_.now() + rules_.interval + rules_.notice + 10min);
  expect_nothing_left();
}

/// A login that somebody's deadline calls for in this very moment is no leak: it ends soon.
tunnel::Footprint Fleet::footprint_between_logins() {
  auto f = gateway_.manager().footprint();
  for (int i = 0; i < 100 && f.half_open + f.pending + f.opened != 0; ++i) {
    queue_.run_until(queue_.now() + 100ms);
    f = gateway_.manager().footprint();
  }
  return f;
}

void Fleet::expect_bounds() {
  const auto f = footprint_between_logins();
  const auto n = laptops_.size();
  const auto expect = [&](const char* what, std::size_t is, std::size_t most) {
    report_.counts[std::string("kept at the end: ") + what] = is;
    if (is > most) wrong(std::string(what) + ": " + std::to_string(is) + " kept for " + std::to_string(n) + " laptops");
  };
  expect("tunnels", f.tunnels, n);
  expect("IKE SAs", f.ike_sas, n + n / 100 + 8);  // a rekey may be under way
  expect("half-open IKE SAs", f.half_open, 0);
  expect("logins under way", f.pending, 0);
  expect("tickets under way", f.opened, 0);
  expect("NAT findings", f.nat, f.ike_sas + 8);
  expect("Child SAs", f.children, n + n / 100 + 8);
  expect("ESP SPIs", f.esp_spis, f.children + 8);
  expect("Child SAs of the packet path", gateway_.data().children(), f.children);
  expect("records on disk", disk_.sessions(), n);
  expect("spent tickets", f.spent_tickets, limits::kSpentTickets);
}

void Fleet::expect_nothing_left() {
  const auto status = gateway_.status();
  const auto f = gateway_.manager().footprint();
  const auto expect = [&](const char* what, std::uint64_t is) {
    if (is != 0) wrong(std::string("at the very end: ") + what + ": " + std::to_string(is));
  };
  expect("leases", status.phase1[0].leases);
  expect("tunnels", f.tunnels);
  expect("IKE SAs", f.ike_sas);
  expect("half-open IKE SAs", f.half_open);
  expect("Child SAs", f.children);
  expect("ESP SPIs", f.esp_spis);
  expect("NAT findings", f.nat);
  expect("deadlines", f.deadlines);
  expect("Child SAs of the packet path", gateway_.data().children());
  expect("tunnels of the packet path", gateway_.data().tunnels());
  expect("interfaces", gateway_.data().device_names().size());
  disk_.sync();
  expect("records on disk", disk_.sessions());
  expect("leases written down", oracle_.leases().size());
}

}  // namespace dormouse::sim
