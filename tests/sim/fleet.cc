#include "sim/fleet.h"

#include "crypto/testing/seeded_rng.h"
#include "sim/fleet_copy.h"
#include "sim/models.h"
#include "wire/message.h"

namespace dormouse::sim {
namespace {

using std::chrono::hours;

const IpAddress kGateway = *IpAddress::parse("173.1.1.1");
constexpr std::uint64_t kAnswer = std::uint64_t{1} << 63;
constexpr unsigned kSerialBits = 32;

Rules rules_of(const FleetPlan& plan) {
  return {.interval = hours(4),
          .keylife = hours(24),
          .reauth = plan.reauth,
          .notice = 300s * 2 + 93s,
          .pool = plan.laptops + plan.laptops / 10 + 8};
}

config::Model gateway_model(const FleetPlan& plan, const Rules& rules) {
  auto m = server_model();
  m.session_resume = true;
  m.quick_crash_detect = plan.quick_crash;
  auto& p = m.phase1[0];
  p.client_resume_interval = rules.interval;
  p.keylife = rules.keylife;
  p.reauth = rules.reauth;
  p.dpd_retryinterval = 300s;
  p.mode_cfg.enabled = true;
  const auto first = 0x0ad40001U;
  p.mode_cfg.pool4 = {{IpAddress::v4(first), IpAddress::v4(first + static_cast<std::uint32_t>(rules.pool) - 1)}};
  m.phase2[0].keylife = hours(6);
  return m;
}

config::Model laptop_model(const FleetPlan& plan, const Rules& rules, unsigned n) {
  auto m = client_model(kGateway);
  m.session_resume = true;
  m.quick_crash_detect = plan.quick_crash;
  auto& p = m.phase1[0];
  p.localid = Identity{IdType::fqdn, to_bytes(as_bytes("laptop" + std::to_string(n)))};
  p.keylife = rules.keylife;
  p.dpd = config::DpdMode::on_demand;
  p.keepalive = hours(1);
  // From behind a NAT or not, as it moves: plain ESP would pass no NAT that comes later.
  p.nattraversal = config::NatTraversal::forced;
  p.mode_cfg.enabled = true;
  m.phase2[0].keylife = hours(6);
  return m;
}

unsigned laptop_of(const Identity& id) {
  return static_cast<unsigned>(std::stoul(std::string(id.data.begin() + 6, id.data.end())));
}

std::optional<unsigned> index_of(const std::string& name, char before) {
  const auto at = name.rfind(before);
  if (at == std::string::npos || at + 1 == name.size() || name[at + 1] < '0' || name[at + 1] > '9') return std::nullopt;
  return static_cast<unsigned>(std::stoul(name.substr(at + 1)));
}

/// Of an IKE_SESSION_RESUME request; an id of ours for it is in its octets 5 to 20.
std::optional<std::string> ticket_in(const Bytes& message) {
  const auto header = wire::parse_header(message);
  if (!header || header->response || header->exchange != wire::ExchangeType::ike_session_resume) return std::nullopt;
  const auto parsed = wire::parse_message(message);
  const auto* ticket = parsed ? wire::find_notify(parsed->payloads, wire::NotifyType::ticket_opaque) : nullptr;
  if (!ticket || ticket->data.size() < 21) return std::nullopt;
  return std::string(ticket->data.begin() + 5, ticket->data.begin() + 21);
}

}  // namespace

Fleet::Fleet(FleetPlan plan)
    : plan_(plan),
      rules_(rules_of(plan)),
      rng_(std::make_unique<crypto::testing::SeededRng>(plan.seed)),
      net_(queue_, *rng_),
      oracle_(rules_, plan.laptops),
      gateway_({.clock = [this] { return gateway_now(); },
                .ike = [this](const auto& local, const auto& remote, Bytes m) { net_.down_ike(local, remote, m); },
                .esp = [this](const auto& path, const auto& packet) { net_.down_esp(path, packet); },
                .delivered = [this](std::uint64_t payload) { gateway_delivered(payload); },
                .acted = [this](auto& actions) { gateway_acted(actions); }}),
      gateway_model_(share(gateway_model(plan, rules_))) {
  queue_.run_until(Instant::from_ns(0) + hours(1));
  gateway_boot_ = queue_.now() - 100s;
  net_.gateway_ike = [this](Link& from, const auto& local, const auto& remote, Bytes m) {
    gateway_heard(from, local, remote, m);
    gateway_.receive_ike(local, remote, std::move(m));
    schedule_gateway();
  };
  net_.gateway_esp = [this](Link& from, const auto& packet, const auto& local, const auto& remote, esp::Encap encap) {
    if (gateway_.running() && &laptops_[from.laptop]->link == &from) oracle_.contact(from.laptop, queue_.now());
    gateway_.receive_esp(packet, local, remote, encap);
    schedule_gateway();
  };
  for (unsigned n = 0; n < plan.laptops; ++n) {
    laptops_.push_back(std::make_unique<Laptop>(Machine::Outside{
        .clock = [this] { return queue_.now(); },
        .ike = [this, n](const auto& local, const auto& remote,
                         Bytes m) { net_.up_ike(laptops_[n]->link, local, remote, std::move(m)); },
        .esp = [this, n](const auto& path, const auto& packet) { net_.up_esp(laptops_[n]->link, path, packet); },
        .delivered = [this, n](std::uint64_t payload) { laptop_delivered(*laptops_[n], payload); },
        .acted = [this, n](auto& actions) { laptop_acted(*laptops_[n], actions); }}));
    auto& l = *laptops_.back();
    l.n = l.link.laptop = n;
    l.model = share(laptop_model(plan, rules_, n));
    l.copied = rng_->below(1000) < plan.copies_per_mille;
    l.link.ike = [this, &l](const auto& local, const auto& remote, Bytes m) {
      l.machine.receive_ike(local, remote, std::move(m));
      schedule(l);
    };
    l.link.esp = [this, &l](const auto& packet, const auto& local, const auto& remote, esp::Encap encap) {
      l.machine.receive_esp(packet, local, remote, encap);
      schedule(l);
    };
  }
}

Fleet::~Fleet() = default;

// --- time

void Fleet::schedule(Laptop& l) {
  if (!l.machine.running() || l.power != Power::awake) return;
  const auto due = l.machine.next_deadline();
  if (!due || (l.tick_at && *l.tick_at <= *due && *l.tick_at > queue_.now())) return;
  l.tick_at = std::max(*due, queue_.now());
  queue_.at(*due, [this, &l, at = *l.tick_at] {
    if (l.tick_at != at) return;
    l.tick_at.reset();
    if (l.power != Power::awake) return;
    const auto next = l.machine.next_deadline();
    if (next && *next <= queue_.now()) l.machine.tick();
    schedule(l);
  });
}

void Fleet::schedule_gateway() {
  const auto due = gateway_.next_deadline();
  if (!due) return;
  const auto when = std::max(gateway_boot_ + due->since_boot(), queue_.now());
  if (gateway_tick_at_ && *gateway_tick_at_ <= when && *gateway_tick_at_ > queue_.now()) return;
  gateway_tick_at_ = when;
  queue_.at(when, [this, when] {
    if (gateway_tick_at_ != when) return;
    gateway_tick_at_.reset();
    const auto next = gateway_.next_deadline();
    if (next && *next <= gateway_now()) gateway_.tick();
    schedule_gateway();
  });
}

store::ClockReading Fleet::gateway_clocks() const {
  return {(queue_.now().since_boot() + calendar_).count() + kEpoch, gateway_now()};
}

// --- the gateway

void Fleet::start_gateway() {
  oracle_.holds_nothing();
  gateway_since_ = queue_.now();
  restoring_ = true;  // a login that the calendar puts into the future is brought back to now: none is new
  gateway_.start(gateway_model_, kGateway, plan_.seed * 1000003 + ++seeds_,
                 disk_.load(gateway_clocks(), std::to_string(boots_)));
  restoring_ = false;
  if (plan_.follow) gateway_.manager().set_debug(true);
  schedule_gateway();
}

void Fleet::gateway_heard(Link& from, const Endpoint&, const Endpoint&, const Bytes& message) {
  const auto header = wire::parse_header(message);
  if (!header || !gateway_.running()) return;
  diary(from.laptop, "arrives: exchange " + std::to_string(static_cast<int>(header->exchange)));
  note(1, from.laptop, header->spi_i.value() ^ message.size());
  if (const auto ticket = ticket_in(message)) oracle_.ticket_shown(header->spi_i.value(), *ticket);
  const bool on_old_sas =
      header->exchange == wire::ExchangeType::informational || header->exchange == wire::ExchangeType::create_child_sa;
  if (on_old_sas && &laptops_[from.laptop]->link == &from)  // not a copy
    oracle_.contact(from.laptop, queue_.now());
}

void Fleet::gateway_acted(std::vector<tunnel::Action>& actions) {
  std::map<unsigned, Way> in;  // indices of tunnels that somebody came back to just now
  std::vector<const tunnel::SaveBlob*> sas;
  for (auto& action : actions) {
    if (const auto* line = std::get_if<tunnel::Log>(&action)) {
      const auto& e = line->event;
      if (plan_.follow) {
        const auto index =
            index_of(e.scope.gateway.empty() && !e.fields.empty() && std::holds_alternative<std::string>(e.fields[0])
                         ? std::get<std::string>(e.fields[0])
                         : e.scope.gateway,
                     '_');
        const auto* lease = index ? oracle_.lease(*index) : nullptr;
        if (!lease || lease->laptop == *plan_.follow) diary(*plan_.follow, "gateway: " + debug_line(e).substr(0, 200));
      }
      if (level_of(e.id) == LogLevel::debug) continue;
      ++report_.counts[std::string("gateway: ") + name_of(e.id)];
      if (e.id == LogId::event_resumed && std::get<std::string>(e.fields[1]) == "ticket")
        if (const auto index = index_of(std::get<std::string>(e.fields[0]), '_')) in[*index] = Way::ticket;
      if (e.id == LogId::event_down && std::get<std::string>(e.fields[2]) == "not re-authenticated in time")
        expect_late(e);
      if (e.id == LogId::event_refused) {
        const auto& why = std::get<std::string>(e.fields[2]);
        ++report_.counts["refused: " + why];
        if (why == "no inside address is free" && !oracle_.pool_full())
          wrong("no inside address is free, though " + std::to_string(oracle_.leases().size()) + " of " +
                std::to_string(rules_.pool) + " are held");
      }
    }
    const auto* kept = std::get_if<tunnel::Persist>(&action);
    if (!kept) continue;
    if (const auto* saved = std::get_if<tunnel::SaveSession>(&kept->change)) gateway_saved(saved->record, in);
    if (const auto* dropped = std::get_if<tunnel::DropSession>(&kept->change)) {
      oracle_.holds_no_more(dropped->index);
      note(3, dropped->index);
    }
    if (const auto* blob = std::get_if<tunnel::SaveBlob>(&kept->change); blob && blob->area == tunnel::kSpiArea)
      sas.push_back(blob);
  }
  for (const auto* blob : sas) gateway_made_sa(*blob, in);
  if (!plan_.quick_crash)  // then no SPIs are kept that would tell
    for (const auto& [index, way] : in)
      if (const auto* lease = oracle_.lease(index)) oracle_.sa_made(lease->laptop, queue_.now(), way);
  for (auto& action : actions)
    if (auto* kept = std::get_if<tunnel::Persist>(&action))
      disk_.write(std::move(kept->change), gateway_clocks(), std::to_string(boots_));
}

void Fleet::expect_late(const LogEvent& down) {
  const auto index = index_of(std::get<std::string>(down.fields[0]), '_');
  const auto* lease = index ? oracle_.lease(*index) : nullptr;
  if (!lease) return;
  if (const auto bad = oracle_.put_out(lease->laptop, queue_.now()); !bad.empty()) wrong(*laptops_[lease->laptop], bad);
}

void Fleet::gateway_saved(const tunnel::SessionRecord& record, std::map<unsigned, Way>& in) {
  const auto n = laptop_of(record.peer);
  Laptop& l = *laptops_[n];
  const auto* was = oracle_.lease(record.index);
  const bool slept = was && was->asleep;
  const bool is_login =
      !restoring_ && record.logged_in == gateway_now() && !(was && was->laptop == n && was->login == record.logged_in);
  if (is_login) {
    const char* why = oracle_.login_reason(n, queue_.now(), l.link.trouble);
    ++report_.logins[why ? why : "NONE"];
    diary(n, std::string("login: ") + (why ? why : "NONE"));
    if (!why) wrong(l, "a login that nothing calls for");
    oracle_.logged_in(n, queue_.now());
    in[record.index] = Way::login;
    note(4, n, record.index);
  }
  if (!record.lease.v4) return wrong(l, "a tunnel without an inside address");
  if (const auto bad = oracle_.holds(record.index, {n, *record.lease.v4, record.asleep, record.logged_in});
      !bad.empty())
    wrong(bad);
  note(5, n, record.lease.v4->v4_value() + (record.asleep ? 1ULL << 40 : 0));
  if (record.asleep && !slept) l.parked.clear();
  if (!record.asleep && slept) expect_parked(l, !in.contains(record.index));
}

void Fleet::gateway_made_sa(const tunnel::SaveBlob& blob, const std::map<unsigned, Way>& in) {
  const auto index = index_of(blob.key, '/');
  const auto* lease = index ? oracle_.lease(*index) : nullptr;
  if (!lease) return;
  const auto spi = load64(blob.value.data());
  if (std::exchange(laptops_[lease->laptop]->spi_at_gateway, spi) == spi) return;  // all is written down anew at a stop
  const auto how = in.find(*index);
  const auto by = how == in.end() ? std::nullopt : std::optional(how->second);
  if (by == Way::ticket && !oracle_.is_of_ticket(spi)) wrong("back by a ticket that nobody showed");
  if (const auto bad = oracle_.ticket_accepted(lease->laptop, spi); !bad.empty()) wrong(*laptops_[lease->laptop], bad);
  oracle_.sa_made(lease->laptop, queue_.now(), by);
  note(6, lease->laptop, spi);
}

void Fleet::gateway_delivered(std::uint64_t payload) {
  Laptop& l = *laptops_[payload >> kSerialBits & 0xfffffff];
  l.heard = queue_.now();
  queue_.after(1ms, [this, &l, payload] {
    // As the kernel's routes would have it.
    const auto index = l.inside && gateway_.running() ? oracle_.index_at(*l.inside) : std::nullopt;
    if (!index) return;
    gateway_.send_inside("toClient_" + std::to_string(*index), *l.inside, payload | kAnswer);
    schedule_gateway();
  });
}

// --- a laptop

void Fleet::laptop_acted(Laptop& l, std::vector<tunnel::Action>& actions) {
  for (const auto& action : actions) {
    if (const auto* add = std::get_if<tunnel::AddAddress>(&action)) {
      l.inside = add->address;
      if (const auto bad = oracle_.inside(l.n, add->address); !bad.empty()) wrong(l, bad);
    }
    const auto* line = std::get_if<tunnel::Log>(&action);
    if (!line) continue;
    const auto& e = line->event;
    diary(l.n, debug_line(e).substr(0, 200));
    if (level_of(e.id) == LogLevel::debug) continue;
    ++report_.counts[std::string("laptop: ") + name_of(e.id)];
    if (e.id == LogId::event_up) laptop_back(l, Way::login);
    if (e.id != LogId::event_resumed) continue;
    const auto& way = std::get<std::string>(e.fields[1]);
    if (way != "login") laptop_back(l, way == "address" ? Way::address : Way::ticket);  // a login is an event_up too
  }
}

void Fleet::laptop_back(Laptop& l, Way way) {
  static constexpr const char* kNames[] = {"address", "ticket", "login"};
  note(7, l.n, static_cast<std::uint64_t>(way));
  ++report_.counts[std::string("back by ") + kNames[static_cast<int>(way)]];
  if (const auto bad = oracle_.came_back(l.n, way, queue_.now(), l.link.trouble); !bad.empty()) wrong(l, bad);
  const bool quiet = l.link.place.calm() && l.link.trouble < l.back && gateway_since_ < l.back;
  if (std::exchange(l.returning, false) && quiet) {
    auto& slowest = report_.slowest[kNames[static_cast<int>(way)]];
    slowest = std::max(slowest, queue_.now() - l.back);
  }
  if (way == Way::address) return;
  l.new_sas = queue_.now();
  if (l.fork != 0) release_copy(l);
}

void Fleet::laptop_delivered(Laptop& l, std::uint64_t payload) {
  if ((payload & kAnswer) != 0 && (payload >> kSerialBits & 0xfffffff) == l.n) l.answered = queue_.now();
  l.parked.erase(payload);
}

// --- small things

void Fleet::diary(unsigned n, const std::string& line) const {
  if (plan_.follow == n)
    std::fprintf(stderr, "%lld ms %s\n", static_cast<long long>(queue_.now().since_boot() / 1ms), line.c_str());
}

void Fleet::wrong(const std::string& what) {
  if (plan_.follow) diary(*plan_.follow, "WRONG: " + what);
  if (++report_.violations > 100) return;
  report_.wrong.push_back(std::to_string((queue_.now().since_boot() / 1ms)) + " ms: " + what);
}

void Fleet::note(std::uint64_t kind, std::uint64_t a, std::uint64_t b) {
  for (const auto v : {static_cast<std::uint64_t>(queue_.now().since_boot().count()), kind, a, b})
    report_.digest = (report_.digest ^ v) * 0x100000001b3ULL;
}

}  // namespace dormouse::sim
