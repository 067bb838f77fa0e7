// Quick crash detection (RFC 6290), both sides: telling a peer that its IKE SA is of before our restart, and believing
// a peer that says so of ours.
#include <algorithm>

#include "base/limits.h"
#include "tunnel/manager.h"

namespace dormouse::tunnel {
namespace {

constexpr const char* kSecretName = "qcd";
constexpr Duration kLoginAfterTicket = 600ms;
constexpr Duration kInOneBreath = 500ms;  // a ticket shown as lately as that was shown with what is answered now

std::shared_ptr<const SecretBytes> new_secret(Rng& rng) {
  SecretBytes fresh(ike::QcdMaker::kSecretSize);
  rng.fill(fresh.reveal_mutable());
  return std::make_shared<const SecretBytes>(std::move(fresh));
}

}  // namespace

Manager::CrashDetection::CrashDetection(crypto::Provider& crypto, Rng& rng)
    : secret(new_secret(rng)),
      maker(crypto, secret),
      rate(rng.u64(), Bucket(limits::kQcdBurst, 250ms), Bucket(limits::kQcdBurstTotal, 2ms)) {}

/// The secret of the last run, so that tokens given then can be shown now; or ours from now on.
void Manager::restore_qcd_secret(const StoredState& stored) {
  const auto kept = stored.secrets.find(kSecretName);
  if (kept != stored.secrets.end() && kept->second->size() == ike::QcdMaker::kSecretSize) {
    crash_.secret = kept->second;
    crash_.maker = ike::QcdMaker(crypto_, crash_.secret);
  } else {
    out_.push_back(Persist{SaveSecret{kSecretName, crash_.secret}});
  }
}

std::optional<Bytes> Manager::qcd_token(bool initiator, IkeSpi i, IkeSpi r) {
  if (!model_->quick_crash_detect) return std::nullopt;
  auto token = crash_.maker.token(initiator, i, r);
  return token.empty() ? std::nullopt : std::optional(std::move(token));
}

std::optional<SaveBlob> Manager::spi_blob(const Tunnel& t) const {
  const auto* s = t.dynamic && t.current && model_->quick_crash_detect ? sas_.find(*t.current) : nullptr;
  if (!s) return std::nullopt;
  Bytes value;
  Writer w(value);
  w.u64(s->spi_i().value());
  w.u64(s->spi_r().value());
  w.u8(s->initiator() ? 1 : 0);
  return SaveBlob{kSpiArea, instance_key(t), std::move(value), std::nullopt};
}

void Manager::keep_spis(Tunnel& t) {
  auto blob = spi_blob(t);
  if (!blob) return;
  t.spis_kept = true;
  t.lost_sa.reset();
  out_.push_back(Persist{std::move(*blob)});
}

void Manager::forget_spis(Tunnel& t) {
  if (std::exchange(t.spis_kept, false)) out_.push_back(Persist{DropBlob{kSpiArea, instance_key(t)}});
}

/// `at`: when its client is to be told; zero: not at all.
void Manager::restore_spis(Tunnel& t, const Bytes& value, Instant at) {
  t.spis_kept = true;
  if (value.size() != 17 || at == Instant{} || !model_->quick_crash_detect) return;
  t.lost_sa = Tunnel::LostSa{IkeSpi(load64(value.data())), IkeSpi(load64(value.data() + 8)), value[16] != 0};
  t.timers.set(Timer::tell_restart, at);
  refresh(t);
}

/// Nobody asked: but a client that was up a moment ago is most likely there, and need not wait until it has something
/// to say. Only it knows the token, so nothing is given away.
void Manager::tell_restart(Tunnel& t, Instant now) {
  constexpr unsigned kTimes = 3;
  t.timers.stop(Timer::tell_restart);
  if (!t.lost_sa || !t.sas.empty() || t.state != State::asleep) return t.lost_sa.reset();
  wire::Header probe;  // as its next probe would have been
  probe.spi_i = t.lost_sa->spi_i;
  probe.spi_r = t.lost_sa->spi_r;
  probe.exchange = wire::ExchangeType::informational;
  probe.initiator = !t.lost_sa->ours;
  log(LogId::qcd_sent, {.gateway = t.name}, {spi_pair(probe.spi_i, probe.spi_r), t.path.remote.text()});
  ++counters_.crash_answers;
  ike::Transmit word{t.path, crash_.maker.answer(probe)};
  carry_out(word, now);
  if (++t.lost_sa->told < kTimes) t.timers.set(Timer::tell_restart, now + 1s * t.lost_sa->told);
}

void Manager::answer_unknown(const ike::Path& path, const wire::Header& header, ByteView datagram, Instant now) {
  if (!model_->quick_crash_detect || !ike::QcdMaker::is_protected_request(header, datagram)) return;
  // RFC 6290 9.2: never the token of an SA that lives. The sender chooses the flag that says which SPI is ours, so
  // neither may be.
  if (sas_.find_local(header.spi_i) || sas_.find_local(header.spi_r)) return;
  // Nor of one that is still in the making: the successor of a rekey that both ends began is known to us only later.
  const auto ours = header.initiator ? header.spi_r : header.spi_i;
  if (std::ranges::find(recent_spis_, ours) != recent_spis_.end()) return;
  if (!crash_.rate.take(path.remote.address, now)) return;
  log(LogId::qcd_sent, {}, {spi_pair(header.spi_i, header.spi_r), path.remote.text()});
  ++counters_.crash_answers;
  ike::Transmit answer{path, crash_.maker.answer(header)};
  carry_out(answer, now);
}

void Manager::carry_out(ike::PeerCrashed& a, Instant now) {
  Tunnel* t = tunnel_of_sa(a.sa);
  const auto abandon = [&] { with_sa(a.sa, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.abandon(now, box); }); };
  if (!t || t->current != a.sa) return abandon();
  log(LogId::event_peer_restarted, {}, {t->name});
  const auto id = t->id;
  // As if it had been silent for long enough: a dialup tunnel sleeps (or ends), a static one comes back.
  if (t->state == State::up) peer_silent(*t, a.sa, now);
  abandon();
  t = find(id);
  if (!t || t->dynamic || t->state != State::connecting) return;
  t->timers.stop(Timer::wake_probe);  // there is nothing left to ask
  if (t->resume.held) return give_held_resume(*t, now);
  if (has_ticket(*t, now)) {  // no public-key work and no user; the login waits its turn
    (void)show_ticket_again(*t, kInOneBreath, now);
    if (t->resume.sa) {
      if (!t->attempt) t->timers.set(Timer::connect, now + kLoginAfterTicket);
      return refresh(*t);
    }
  }
  if (t->held_answer) return give_held_answer(*t, now);
  // A login begun while the gateway was away repeats its question ever more rarely; a new one is there at once.
  const auto attempt = t->attempt;
  if (const auto* login = attempt ? sas_.find(*attempt) : nullptr; login && login->state() == ike::SaState::init_sent)
    with_sa(*attempt, now, [&](ike::IkeSa& s, ike::Outbox& box) { s.abandon(now, box); });
  connect(*t, now);
  refresh(*t);
}

}  // namespace dormouse::tunnel
