#include "ike/message_window.h"

namespace dormouse::ike {

void MessageWindow::sent(Datagrams message, std::string name, const std::vector<Duration>& schedule, Instant now) {
  request_ = std::move(message);
  name_ = std::move(name);
  schedule_ = schedule;
  restart(now);
}

void MessageWindow::restart(Instant now) {
  step_ = 0;
  due_ = schedule_.empty() ? std::nullopt : std::optional(now + schedule_[0]);
}

void MessageWindow::answered() {
  cancel();
  ++next_out_;
}

MessageWindow::Due MessageWindow::take_due(Instant now) {
  if (!due_ || *due_ > now) return Due::nothing;
  if (++step_ >= schedule_.size()) {
    due_.reset();
    return Due::gave_up;
  }
  due_ = now + schedule_[step_];
  return Due::resend;
}

MessageWindow::Incoming MessageWindow::classify(MessageId id, ByteView datagram) const {
  if (id.value() == next_in_) return Incoming::fresh;
  // Only the very octets we answered: a replay with another body is nobody's retransmission.
  if (id.value() + 1 == next_in_ && equal(datagram, last_request_)) return Incoming::repeated;
  return Incoming::stale;
}

void MessageWindow::replied(Bytes request, Datagrams reply) {
  last_request_ = std::move(request);
  reply_ = std::move(reply);
  ++next_in_;
}

}  // namespace dormouse::ike
