#include "sim/world.h"

#include "crypto/testing/seeded_rng.h"
#include "sim/host.h"

namespace dormouse::sim {

World::World(std::uint64_t seed) : seed_(seed), rng_(std::make_unique<crypto::testing::SeededRng>(seed)) {}
World::~World() = default;

Host& World::add_host(const std::string& name, const IpAddress& address) {
  auto& slot = hosts_[name];
  slot = std::make_unique<Host>(*this, name, rng_->u64());
  readdress(*slot, address);
  return *slot;
}

Host& World::host(const std::string& name) { return *hosts_.at(name); }

void World::readdress(Host& host, const std::vector<IpAddress>& addresses) {
  std::erase_if(by_address_, [&](const auto& e) { return e.second == &host; });
  for (const auto& address : addresses) by_address_[address] = &host;
  host.set_addresses(addresses);
}

void World::deliver(Host& from, const IpAddress& source, const IpAddress& to, std::function<void(Host&)> arrive,
                    const std::string& what) {
  if (ladder_.size() > 400) ladder_.erase(ladder_.begin(), ladder_.begin() + 200);
  const auto stamp = std::to_string((now_ - Instant::from_ns(1'000'000'000'000)) / 1ms) + " ms  " + from.name() +
                     " -> " + to.text() + "  " + what;
  const auto it = by_address_.find(to);
  if (it == by_address_.end()) {
    ladder_.push_back(stamp + "  (nobody there)");
    return;
  }
  const Weather& out = weather_[from.name()];
  const Weather& in = weather_[it->second->name()];
  if (out.cut || in.cut || lost_.contains(to) || lost_.contains(source)) {
    ladder_.push_back(stamp + "  (cut)");
    return;
  }
  const auto copies = 1 + (rng_->below(1000) < out.duplicate + in.duplicate ? 1 : 0);
  for (int i = 0; i < copies; ++i) {
    if (rng_->below(1000) < out.loss + in.loss) {
      ladder_.push_back(stamp + "  (lost)");
      continue;
    }
    const auto jitter = static_cast<std::uint64_t>((out.jitter + in.jitter).count());
    const auto delay = out.delay + in.delay + Duration(static_cast<std::int64_t>(jitter ? rng_->below(jitter) : 0));
    ladder_.push_back(stamp);
    queue_.emplace(now_ + delay, [this, to, arrive] {
      const auto there = by_address_.find(to);
      if (there != by_address_.end() && !weather_[there->second->name()].cut) arrive(*there->second);
    });
  }
}

void World::send_ike(Host& from, const Endpoint& local, const Endpoint& remote, Bytes message) {
  if (on_ike && on_ike(from, message)) return;
  if (!from.has(local.address)) return;  // a source address the host no longer has
  const auto what = "IKE " + local.text() + " -> " + remote.text() + " " + std::to_string(message.size());
  deliver(
      from, local.address, remote.address, [local, remote, message](Host& h) { h.receive_ike(remote, local, message); },
      what);
}

void World::send_esp(Host& from, const esp::OuterPath& path, const EspPacket& packet) {
  if (!from.has(path.local.address)) return;
  deliver(
      from, path.local.address, path.remote.address,
      [path, packet](Host& h) { h.receive_esp(packet, path.remote, path.local, path.encap); }, "ESP");
}

void World::at(Instant when, std::function<void()> what) { queue_.emplace(when, std::move(what)); }

void World::run_until(Instant until) {
  while (true) {
    Instant next = until;
    Host* due = nullptr;
    for (auto& [name, h] : hosts_)
      if (const auto d = h->next_deadline(); d && *d < next) {
        next = std::max(*d, now_);
        due = h.get();
      }
    if (!queue_.empty() && queue_.begin()->first <= next) {
      now_ = std::max(now_, queue_.begin()->first);
      auto what = std::move(queue_.begin()->second);
      queue_.erase(queue_.begin());
      what();
    } else if (due) {
      now_ = next;
      due->tick();
    } else {
      break;
    }
  }
  now_ = until;
}

bool World::run_while_not(const std::function<bool()>& done, Duration limit) {
  const auto end = now_ + limit;
  while (!done()) {
    if (now_ >= end) return false;
    run_until(std::min(end, now_ + 20ms));
  }
  return true;
}

}  // namespace dormouse::sim
