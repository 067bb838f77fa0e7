// An IKE SA against a peer that has all the keys and no manners. Two real ends talk over a wire that the input rules:
// it delivers, loses, spoils and repeats their datagrams, gives them commands, lets time pass, and speaks in either
// one's name with payloads of its own. The cipher is transparent, so that the input reaches what stands behind
// authentication.
#include <cstdlib>

#include "base/limits.h"
#include "ike/clear_provider_for_test.h"
#include "ike/pair_for_test.h"
#include "wire/message.h"

namespace {

using namespace dormouse;
using ike::testing::ClearProvider;
using ike::testing::End;
using ike::testing::Pair;

void require(bool holds) {
  if (!holds) std::abort();
}

class Input {
 public:
  explicit Input(ByteView data) : data_(data) {}
  [[nodiscard]] bool empty() const { return data_.empty(); }
  std::uint8_t octet() {
    if (data_.empty()) return 0;
    const auto b = data_[0];
    data_ = data_.subspan(1);
    return b;
  }
  ByteView some() {
    const std::size_t wanted = octet();
    const auto part = data_.first(std::min(wanted, data_.size()));
    data_ = data_.subspan(part.size());
    return part;
  }

 private:
  ByteView data_;
};

/// A message under the SA's keys: any exchange, any payload chain, the message id the receiver expects or one beside
/// it.
Bytes forged(const ike::IkeSa& receiver, Input& in) {
  const auto status = receiver.status();
  const auto how = in.octet();
  wire::Header h;
  h.spi_i = receiver.spi_i();
  h.spi_r = receiver.spi_r();
  h.initiator = !receiver.initiator();
  h.response = (how & 1) != 0;
  // 34 to 39, then IKE_INTERMEDIATE and IKE_FOLLOWUP_KE.
  const auto exchange = (how >> 1) % 8;
  h.exchange = static_cast<wire::ExchangeType>(exchange < 6 ? 34 + exchange : 37 + exchange);
  h.message_id =
      MessageId((h.response ? status.next_request_out : status.next_request_in) + ((how & 0x80) != 0 ? 1U : 0U));
  Bytes chain;
  const auto first = in.octet();
  const auto body = in.some();
  std::size_t header_size = 0;
  Bytes message = wire::serialize_for_seal(h, {}, 0, 1, 0, header_size);
  message.resize(header_size);
  message.insert(message.end(), body.begin(), body.end());
  message.push_back(0);                // pad length
  message[wire::kHeaderSize] = first;  // next payload inside SK
  store16(message.data() + wire::kHeaderSize + 2, static_cast<std::uint16_t>(message.size() - wire::kHeaderSize));
  store32(message.data() + 24, static_cast<std::uint32_t>(message.size()));
  return message;
}

/// To one of four addresses, or as another port of a NAT.
void move(Pair& pair, ike::IkeSa& sa, std::uint8_t where, Instant now, ike::Outbox& out) {
  auto path = sa.status().path;
  path.local.address = IpAddress::v4(0xc0000201U + where % 4);
  if (&sa == pair.a.newest_sa()) {
    pair.a_at.address = path.local.address;
    pair.a_seen = pair.a_at;
    if (where > 200) pair.a_seen.port = where;
  }
  sa.move(path, now, out);
}

void command(Pair& pair, End& e, Input& in) {
  if (e.sas.empty()) return;
  auto& sa = *e.newest_sa();
  const auto what = in.octet();
  const auto now = pair.now;
  pair.use(e, sa, [&](ike::IkeSa& s, ike::Outbox& out) {
    const bool any = !e.children.empty();
    switch (what % 12) {
      case 0: return s.probe(now, out);
      case 1: return s.rekey(now, out);
      case 2: return any ? s.rekey_child(e.children.begin()->first, now, out) : void();
      case 3: return any ? s.delete_child(e.children.rbegin()->first, now, out) : void();
      case 4: return s.create_child(e.children_policy.front(), now, out);
      case 5: return what > 200 ? s.close(now, out) : void();
      case 6: return s.set_asleep(true, now);
      case 7: return s.set_asleep(false, now), s.resend_pending(now, out);
      case 10: return move(pair, s, in.octet(), now, out);
      case 11: return s.announce_addresses(now, out);
      case 8: return any ? s.child_used(e.children.rbegin()->first, now, out) : void();
      default: return what > 240 ? s.abandon(now, out) : void();
    }
  });
}

void spoil(End& from, Input& in) {
  if (from.wire.empty()) return;
  auto& m = from.wire.front().message;
  const auto at = static_cast<std::size_t>(in.octet()) * 2 % m.size();
  const auto by = in.some();
  for (std::size_t i = 0; i < by.size() && at + i < m.size(); ++i) m[at + i] = by[i];
}

void step(Pair& pair, Input& in) {
  const auto op = in.octet();
  End& e = (op & 1) != 0 ? pair.a : pair.b;
  switch ((op >> 1) % 9) {
    case 0:
    case 1: return (void)pair.deliver_one(e);
    case 2: return pair.settle();
    case 3:
      if (!e.wire.empty()) e.wire.pop_front();
      return;
    case 4:
      if (!e.wire.empty()) e.wire.push_back(e.wire.front());
      return;
    case 5: return spoil(e, in);
    case 6: return command(pair, e, in);
    case 7: return pair.pass(Duration(1s) * (1 << in.octet() % 17), (op & 0x80) != 0);
    default:
      if (e.sas.empty()) return;
      return pair.hand(e, forged(in.octet() % 2 == 0 ? *e.newest_sa() : *e.sas.begin()->second, in), 500);
  }
}

/// Both ends have a certificate and want one of the other.
void equip(Pair& pair, std::uint8_t how) {
  static crypto::testing::ToyAuthority root("Root");
  static const auto client = root.issue({.common_name = "client"}), gateway = root.issue({.common_name = "gateway"});
  for (End* e : {&pair.a, &pair.b}) {
    e->credentials = {{(e == &pair.a ? client : gateway).credential, {root.certificate()->key_id}}};
    e->identity = {.data = {}};
    e->wants_signature = true;
    e->trust.authorities = {{"Root", root.certificate()}};
    e->policy.authorities = {root.certificate()->key_id};
    e->policy.signature.digital = (how & 0x10) != 0;
  }
}

/// Two more key exchanges for everything, and a post-quantum preshared key where that is asked for.
void make_hybrid(Pair& pair, bool with_ppk) {
  static const auto key = std::make_shared<const SecretBytes>(as_bytes("thirty-two octets of randomness!"));
  for (End* e : {&pair.a, &pair.b}) {
    for (auto* suites : {&e->policy.suites, &e->children_policy[0].suites})
      for (auto& s : *suites) s.addke = {KeId::x25519, KeId::none, KeId::ecp256};
    if (with_ppk) e->policy.ppk = {.mode = ike::PpkMode::allow, .identity = "ours", .secret = key};
  }
}

/// Both ends give transport mode to whoever asks for it.
void grant_transport(Pair& pair) {
  for (End* e : {&pair.a, &pair.b}) {
    auto& p = e->children_policy[0];
    p.transport = ike::TransportMode::granted;
    p.local = p.remote = {TrafficSelector::any(Family::v4)};
  }
}

/// In transport mode there is one host at each end, whatever was asked.
void require_hosts(End& e) {
  const auto one = [](const TrafficSelectors& selectors) {
    return !selectors.empty() && std::ranges::all_of(selectors, [&](const auto& ts) {
      return ts.range.first == ts.range.last && ts.range.first == selectors.front().range.first;
    });
  };
  for (const auto& [id, c] : e.children) require(!c.transport || (one(c.local_ts) && one(c.remote_ts)));
}

/// A shared key is no way in where a signature is wanted, whoever has the keys of the SA.
void require_signatures(End& e) {
  if (!e.wants_signature) return;
  for (const auto& [id, sa] : e.sas)
    require(sa->state() != ike::SaState::established || sa->status().peer_method != wire::AuthMethod::shared_key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 2048) return 0;
  Input in(ByteView(data, size));
  ClearProvider engine;
  Pair pair(engine, 1);
  const auto address = IpAddress::v4(0x0a010007);
  pair.asks = wire::InsideRequest{.v4 = true, .hint = {address, {}}};
  pair.b.gives = wire::InsideConfig{.addresses = {address, {}}};
  const auto begin = in.octet();
  pair.a.policy.mobike = pair.b.policy.mobike = (begin & 0x10) != 0;
  if ((begin & 0x30) == 0x30) pair.a.policy.nat = pair.b.policy.nat = ike::NatMode::never;
  pair.b.others = {IpAddress::v4(0xc0000263U)};
  if ((begin & 0x20) != 0) equip(pair, begin);
  if ((begin & 0x40) != 0) make_hybrid(pair, (begin & 0x80) != 0);
  if ((begin & 0x08) != 0) grant_transport(pair);
  if (begin % 4 != 0)
    pair.login();
  else
    pair.begin();
  for (int i = 0; i < 64 && !in.empty(); ++i) {
    step(pair, in);
    for (End* e : {&pair.a, &pair.b}) {
      require_signatures(*e);
      require_hosts(*e);
      std::size_t children = 0;
      for (const auto& [id, sa] : e->sas) children += sa->status().children.size();
      require(children == e->children.size());  // what the engine holds is what it said
      require(e->sas.size() <= 64 && e->children.size() <= 64 * limits::kMaxChildrenPerIke);
      if (e->wire.size() > 64) e->wire.erase(e->wire.begin(), e->wire.end() - 64);
    }
  }
  return 0;
}
