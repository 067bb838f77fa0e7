#include "sim/host.h"

#include <algorithm>
#include <stdexcept>

#include "crypto/testing/seeded_rng.h"
#include "crypto/testing/toy_provider.h"

namespace dormouse::sim {

Host::Host(World& world, std::string name, std::uint64_t seed) : world_(world), name_(std::move(name)), seed_(seed) {}
Host::~Host() = default;

void Host::start(std::shared_ptr<const config::Model> model) {
  rng_ = std::make_unique<crypto::testing::SeededRng>(seed_++);
  crypto_ = std::make_unique<crypto::testing::ToyProvider>();
  data_ = std::make_unique<FakeDataPlane>(
      [this] { return world_.now(); },
      [this](const auto& path, const auto& packet) { world_.send_esp(*this, path, packet); },
      [this](const auto& path, Bytes m) { world_.send_ike(*this, path.local, path.remote, std::move(m)); });
  manager_ = std::make_unique<tunnel::Manager>(*crypto_, *rng_, *data_, &certificates_);
  manager_->set_links({{"wan", 2, true, addresses_}}, now());
  manager_->configure(std::move(model), now());
  manager_->restore(disk_, now());
  settle();
}

Instant Host::now() {
  const auto at = world_.now();
  manager_->set_wall_time({calendar.seconds + seconds_of(at.since_boot())}, at);
  return at;
}

void Host::stop() {
  manager_->shutdown(now());
  settle();
  if (!routes_.empty() || !members_.empty()) throw std::logic_error("something was left after the end");
  kill();
}

void Host::configure(std::shared_ptr<const config::Model> model) {
  manager_->configure(std::move(model), now());
  settle();
}

void Host::kill() {
  manager_.reset();
  data_.reset();
  routes_.clear();
  inside_.clear();
  members_.clear();
}

void Host::receive_ike(const Endpoint& local, const Endpoint& remote, const Bytes& message) {
  if (!manager_ || frozen_) return;
  manager_->on_datagram({local, remote, 2}, message, now());
  settle();
}

void Host::receive_esp(const EspPacket& packet, const Endpoint& local, const Endpoint& remote, esp::Encap encap) {
  if (!manager_ || frozen_) return;
  data_->receive_esp(packet, local, remote, encap);
  settle();
}

bool Host::send_inside(const std::string& device, const IpAddress& destination, std::uint64_t payload) {
  if (!manager_) return false;
  const bool sent = data_->send_inside(device, IpAddress::v4(0x0a016401), destination, payload);
  settle();
  return sent;
}

bool Host::has(const IpAddress& address) const { return std::ranges::find(addresses_, address) != addresses_.end(); }

void Host::set_addresses(const std::vector<IpAddress>& addresses) {
  addresses_ = addresses;
  if (!manager_) return;
  manager_->set_links({{"wan", 2, true, addresses_}}, now());
  settle();
}

std::optional<Instant> Host::next_deadline() const {
  if (!manager_ || frozen_) return std::nullopt;
  const auto d = manager_->next_deadline();
  return d ? std::optional(d->at) : std::nullopt;
}

void Host::tick() {
  manager_->on_timer(now());
  settle();
}

void Host::settle() {
  for (int rounds = 0; rounds < 1000; ++rounds) {
    auto actions = manager_->take_actions();
    const auto events = data_->poll();
    if (actions.empty() && events.empty()) return;
    for (auto& action : actions) {
      if (auto* a = std::get_if<tunnel::Transmit>(&action)) {
        world_.send_ike(*this, a->path.local, a->path.remote, std::move(a->message));
      } else if (const auto* add = std::get_if<tunnel::AddRoute>(&action)) {
        if (std::ranges::any_of(routes_, [&](const auto& r) { return r.dst == add->route.dst; }))
          throw std::logic_error("route added twice");
        routes_.push_back(add->route);
      } else if (const auto* del = std::get_if<tunnel::DelRoute>(&action)) {
        if (std::erase(routes_, del->route) != 1) throw std::logic_error("removed a route that was not there");
      } else if (const auto* mine = std::get_if<tunnel::AddAddress>(&action)) {
        if (!inside_.emplace(mine->device_name, mine->address).second) throw std::logic_error("address added twice");
      } else if (const auto* old = std::get_if<tunnel::DelAddress>(&action)) {
        if (inside_.erase({old->device_name, old->address}) != 1)
          throw std::logic_error("removed an address that was not there");
      } else if (const auto* joins = std::get_if<tunnel::AddMember>(&action)) {
        if (!members_.emplace(joins->phase1, joins->device_name).second) throw std::logic_error("member added twice");
      } else if (const auto* leaves = std::get_if<tunnel::DelMember>(&action)) {
        if (members_.erase({leaves->phase1, leaves->device_name}) != 1)
          throw std::logic_error("removed a member that was not there");
      } else if (const auto* trap = std::get_if<tunnel::Trap>(&action)) {
        traps.push_back(*trap);
      } else if (std::holds_alternative<tunnel::ReadyForSleep>(action)) {
        ready_for_sleep.push_back(world_.now());
      } else if (auto* kept = std::get_if<tunnel::Persist>(&action)) {
        persist(kept->change);
      } else if (const auto* line = std::get_if<tunnel::Log>(&action)) {
        log_.push_back(debug_line(line->event));
      }
    }
    for (const auto& event : events) manager_->on_path_event(event, now());
  }
  throw std::logic_error("the manager does not come to rest");
}

void Host::persist(tunnel::StoreChange& change) {
  const auto drop = [this](const std::string& phase1, unsigned index) {
    std::erase_if(disk_.sessions, [&](const auto& r) { return r.phase1 == phase1 && r.index == index; });
  };
  if (auto* save = std::get_if<tunnel::SaveSession>(&change)) {
    drop(save->record.phase1, save->record.index);
    disk_.sessions.push_back(std::move(save->record));
  } else if (const auto* ended = std::get_if<tunnel::DropSession>(&change)) {
    drop(ended->phase1, ended->index);
  } else if (auto* blob = std::get_if<tunnel::SaveBlob>(&change)) {
    std::erase_if(disk_.blobs, [&](const auto& b) { return b.area == blob->area && b.key == blob->key; });
    disk_.blobs.push_back(std::move(*blob));
  } else if (const auto* gone = std::get_if<tunnel::DropBlob>(&change)) {
    std::erase_if(disk_.blobs, [&](const auto& b) { return b.area == gone->area && b.key == gone->key; });
  } else if (const auto* secret = std::get_if<tunnel::SaveSecret>(&change)) {
    disk_.secrets[secret->name] = secret->value;
  }
}

tunnel::Status Host::status() { return manager_->status(now()); }

std::optional<tunnel::TunnelStatus> Host::tunnel(const std::string& name) {
  if (!manager_) return std::nullopt;
  const auto all = status();
  const auto it = std::ranges::find(all.tunnels, name, &tunnel::TunnelStatus::name);
  return it == all.tunnels.end() ? std::nullopt : std::optional(*it);
}

bool Host::logged(const std::string& part) const {
  return std::ranges::any_of(log_, [&](const auto& line) { return line.find(part) != std::string::npos; });
}

}  // namespace dormouse::sim
