// Message ids and retransmission (RFC 7296 2.1-2.3), window of one in both directions: one request of ours outstanding,
// and the last reply kept so that a repeated request gets the identical octets again.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "ike/fragmentation.h"

namespace dormouse::ike {

class MessageWindow {
 public:
  // --- our requests
  [[nodiscard]] bool busy() const { return !request_.empty(); }
  [[nodiscard]] MessageId next_out() const { return MessageId(next_out_); }
  /// The request just sent under next_out(). `schedule` are the waits after each transmission.
  void sent(Datagrams message, std::string name, const std::vector<Duration>& schedule, Instant now);
  void sent(Bytes message, std::string name, const std::vector<Duration>& schedule, Instant now) {
    sent(Datagrams{std::move(message)}, std::move(name), schedule, now);
  }
  [[nodiscard]] const Datagrams& request() const { return request_; }
  [[nodiscard]] const std::string& request_name() const { return name_; }
  [[nodiscard]] bool awaits(MessageId id) const { return busy() && id.value() == next_out_; }
  /// The answer has verified: the window opens.
  void answered();
  /// Takes the request back without an answer (a first exchange that starts over with the same id).
  void cancel() { request_.clear(), due_.reset(); }

  enum class Due : std::uint8_t { nothing, resend, gave_up };
  /// What is due at `now`; resend counts as done, gave_up is told once.
  [[nodiscard]] Due take_due(Instant now);
  [[nodiscard]] std::optional<Instant> deadline() const { return due_; }
  /// The schedule from its start, as if sent now for the first time.
  void restart(Instant now);
  /// The same with another schedule.
  void restart(const std::vector<Duration>& schedule, Instant now) {
    schedule_ = schedule;
    restart(now);
  }
  /// No retransmissions until restart().
  void suspend() { due_.reset(); }
  [[nodiscard]] bool exhausted() const { return next_out_ == 0xffffffff; }

  // --- the peer's requests
  enum class Incoming : std::uint8_t { fresh, repeated, stale };
  [[nodiscard]] Incoming classify(MessageId id, ByteView datagram) const;
  /// `request` is what will tell its repetition: the datagram, or the first of its fragments.
  void replied(Bytes request, Datagrams reply);
  void replied(Bytes request, Bytes reply) { replied(std::move(request), Datagrams{std::move(reply)}); }
  [[nodiscard]] const Datagrams& reply() const { return reply_; }
  [[nodiscard]] MessageId next_in() const { return MessageId(next_in_); }

 private:
  std::uint32_t next_out_ = 0, next_in_ = 0;
  Datagrams request_;
  std::string name_;
  std::vector<Duration> schedule_;
  std::size_t step_ = 0;
  std::optional<Instant> due_;
  Bytes last_request_;
  Datagrams reply_;
};

}  // namespace dormouse::ike
