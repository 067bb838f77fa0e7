// Every IKE SA of the host: by id, by our SPI, and half-open ones by who sent their first message.
#pragma once
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>

#include "ike/sa.h"

namespace dormouse::tunnel {

class SaTable {
 public:
  /// Takes the SA over. `tunnel` is 0 while nobody is authenticated.
  ike::IkeSa& add(std::unique_ptr<ike::IkeSa> sa, TunnelId tunnel);
  [[nodiscard]] ike::IkeSa* find(IkeSaId id);
  [[nodiscard]] const ike::IkeSa* find(IkeSaId id) const;
  /// By the SPI this host chose.
  [[nodiscard]] ike::IkeSa* find_local(IkeSpi ours);
  [[nodiscard]] TunnelId tunnel_of(IkeSaId id) const;
  void set_tunnel(IkeSaId id, TunnelId tunnel);
  /// Remembers the initiator of a half-open SA, so that its repeated first message finds it.
  void note_initiator(IkeSaId id, IkeSpi theirs, const Endpoint& remote);
  [[nodiscard]] ike::IkeSa* find_initiator(IkeSpi theirs, const Endpoint& remote);
  /// Responder SAs that are not authenticated yet.
  [[nodiscard]] std::size_t half_open() const { return half_open_; }
  /// The first message of an authenticated SA is over; also called by remove().
  void settle(IkeSaId id);
  void remove(IkeSaId id);
  [[nodiscard]] bool spi_in_use(IkeSpi ours) const { return by_local_.contains(ours); }
  [[nodiscard]] std::size_t size() const { return sas_.size(); }

  /// Re-reads an SA's deadline; call after every use of it.
  void refresh(IkeSaId id);
  [[nodiscard]] std::optional<Deadline> next_deadline() const;
  /// The SA whose deadline is the earliest and due, if any.
  [[nodiscard]] ike::IkeSa* take_due(Instant now);

 private:
  struct Record {
    std::unique_ptr<ike::IkeSa> sa;
    TunnelId tunnel;
    IkeSpi local;
    std::optional<std::pair<IkeSpi, Endpoint>> initiator;
    std::optional<Instant> due;
  };
  struct InitiatorHash {
    std::size_t operator()(const std::pair<IkeSpi, Endpoint>& k) const noexcept {
      return std::hash<IkeSpi>{}(k.first) * 31 + std::hash<Endpoint>{}(k.second);
    }
  };
  std::unordered_map<IkeSaId, Record> sas_;
  std::unordered_map<IkeSpi, IkeSaId> by_local_;
  std::unordered_map<std::pair<IkeSpi, Endpoint>, IkeSaId, InitiatorHash> by_initiator_;
  std::set<std::pair<Instant, IkeSaId>> deadlines_;
  std::size_t half_open_ = 0;
};

}  // namespace dormouse::tunnel
