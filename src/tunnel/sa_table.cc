#include "tunnel/sa_table.h"

namespace dormouse::tunnel {

ike::IkeSa& SaTable::add(std::unique_ptr<ike::IkeSa> sa, TunnelId tunnel) {
  const auto id = sa->id();
  const auto local = sa->initiator() ? sa->spi_i() : sa->spi_r();
  auto& record = sas_[id];
  record.sa = std::move(sa);
  record.tunnel = tunnel;
  record.local = local;
  by_local_[local] = id;
  refresh(id);
  return *record.sa;
}

ike::IkeSa* SaTable::find(IkeSaId id) {
  const auto it = sas_.find(id);
  return it == sas_.end() ? nullptr : it->second.sa.get();
}

const ike::IkeSa* SaTable::find(IkeSaId id) const {
  const auto it = sas_.find(id);
  return it == sas_.end() ? nullptr : it->second.sa.get();
}

ike::IkeSa* SaTable::find_local(IkeSpi ours) {
  const auto it = by_local_.find(ours);
  return it == by_local_.end() ? nullptr : find(it->second);
}

TunnelId SaTable::tunnel_of(IkeSaId id) const {
  const auto it = sas_.find(id);
  return it == sas_.end() ? TunnelId{} : it->second.tunnel;
}

void SaTable::set_tunnel(IkeSaId id, TunnelId tunnel) {
  if (const auto it = sas_.find(id); it != sas_.end()) it->second.tunnel = tunnel;
}

void SaTable::note_initiator(IkeSaId id, IkeSpi theirs, const Endpoint& remote) {
  auto& record = sas_.at(id);
  record.initiator = {theirs, remote};
  by_initiator_[*record.initiator] = id;
  ++half_open_;
}

ike::IkeSa* SaTable::find_initiator(IkeSpi theirs, const Endpoint& remote) {
  const auto it = by_initiator_.find({theirs, remote});
  return it == by_initiator_.end() ? nullptr : find(it->second);
}

void SaTable::settle(IkeSaId id) {
  const auto it = sas_.find(id);
  if (it == sas_.end() || !it->second.initiator) return;
  by_initiator_.erase(*it->second.initiator);
  it->second.initiator.reset();
  --half_open_;
}

void SaTable::remove(IkeSaId id) {
  settle(id);
  const auto it = sas_.find(id);
  if (it == sas_.end()) return;
  if (it->second.due) deadlines_.erase({*it->second.due, id});
  if (const auto at = by_local_.find(it->second.local); at != by_local_.end() && at->second == id) by_local_.erase(at);
  sas_.erase(it);
}

void SaTable::refresh(IkeSaId id) {
  const auto it = sas_.find(id);
  if (it == sas_.end()) return;
  auto& record = it->second;
  const auto deadline = record.sa->next_deadline();
  const auto due = deadline ? std::optional(deadline->at) : std::nullopt;
  if (due == record.due) return;
  if (record.due) deadlines_.erase({*record.due, id});
  record.due = due;
  if (due) deadlines_.insert({*due, id});
}

std::optional<Deadline> SaTable::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  const auto& [at, id] = *deadlines_.begin();
  const auto deadline = sas_.at(id).sa->next_deadline();
  return Deadline{at, deadline ? deadline->reason : "ike"};
}

ike::IkeSa* SaTable::take_due(Instant now) {
  if (deadlines_.empty() || deadlines_.begin()->first > now) return nullptr;
  return find(deadlines_.begin()->second);
}

}  // namespace dormouse::tunnel
