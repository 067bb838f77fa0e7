#include "adapters/log/event_log.h"

#include <algorithm>

#include "adapters/log/sinks.h"
#include "base/limits.h"

namespace dormouse::log {
namespace {

/// How FortiOS would say it. Numbers ending in 71 to 73 are ours: FortiOS has no events for sleep.
struct Form {
  const char* logid;
  const char* description;
  const char* action;
};

Form form_of(LogId id) {
  switch (id) {
    case LogId::event_up: return {"0101037138", "IPsec connection status changed", "tunnel-up"};
    case LogId::event_down: return {"0101037138", "IPsec connection status changed", "tunnel-down"};
    case LogId::event_asleep: return {"0101037171", "IPsec tunnel asleep", "tunnel-asleep"};
    case LogId::event_resumed: return {"0101037172", "IPsec tunnel resumed", "tunnel-resumed"};
    case LogId::event_expired: return {"0101037173", "IPsec tunnel sleep expired", "tunnel-expired"};
    case LogId::event_refused:
    case LogId::psk_mismatch:
    case LogId::auth_failed: return {"0101037124", "IPsec phase 1 error", "negotiate"};
    default: return {"0100032001", "Dormouse system event", "system"};
  }
}

bool is_tunnel_event(LogId id) {
  return std::string_view(form_of(id).action).starts_with("tunnel-") ||
         std::string_view(form_of(id).action) == "negotiate";
}

/// key="value" pairs; a value cannot end its quotes.
class Line {
 public:
  Line& quoted(const char* key, std::string_view value) {
    if (value.empty()) value = "N/A";
    begin(key);
    text_ += '"';
    for (const char c : value) {
      const bool plain = static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != 0x7f;
      text_ += plain ? c : '\'';
    }
    text_ += '"';
    return *this;
  }
  Line& plain(const char* key, std::string_view value) {
    begin(key);
    text_ += value;
    return *this;
  }
  Line& number(const char* key, std::uint64_t value) { return plain(key, std::to_string(value)); }
  Line& address(const char* key, const std::optional<IpAddress>& a) { return plain(key, a ? a->text() : "N/A"); }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void begin(const char* key) {
    if (!text_.empty()) text_ += ' ';
    text_ += key;
    text_ += '=';
  }
  std::string text_;
};

std::string hex16(std::uint64_t v) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[v >> shift & 15];
  return out;
}

std::string cookies_of(const TunnelFacts& f) {
  if (f.spi_i.value() == 0) return {};
  return hex16(f.spi_i.value()) + "/" + hex16(f.spi_r.value());
}

std::string number_field(const LogEvent& e, std::size_t index) {
  const auto* n = index < e.fields.size() ? std::get_if<std::uint64_t>(&e.fields[index]) : nullptr;
  return n != nullptr ? std::to_string(*n) : "0";
}

std::string text_field(const LogEvent& e, std::size_t index) {
  const auto* s = index < e.fields.size() ? std::get_if<std::string>(&e.fields[index]) : nullptr;
  return s != nullptr ? *s : std::string();
}

/// What the event itself adds, by its fields as the catalogue lists them.
void append_own_fields(Line& line, const LogEvent& e) {
  switch (e.id) {
    case LogId::event_asleep:
      line.plain("resumeinterval", number_field(e, 1)).plain("asleep", number_field(e, 2));
      break;
    case LogId::event_resumed:
      line.quoted("resumeby", text_field(e, 1))
          .plain("sleeptime", number_field(e, 2))
          .plain("resumetime", number_field(e, 4));
      break;
    case LogId::event_expired: line.plain("sleeptime", number_field(e, 1)); break;
    case LogId::event_down: line.quoted("reason", text_field(e, 2)); break;
    case LogId::event_refused:
      line.quoted("status", "negotiate_error").quoted("peerid", text_field(e, 1)).quoted("reason", text_field(e, 2));
      break;
    case LogId::psk_mismatch:
    case LogId::auth_failed: line.quoted("status", "negotiate_error").quoted("reason", dormouse::text_of(e)); break;
    default: break;
  }
}

void append_tunnel(Line& line, const std::string& tunnel, const TunnelFacts& f) {
  const auto address = [](const std::optional<Endpoint>& p) { return p ? std::optional(p->address) : std::nullopt; };
  line.address("remip", address(f.remote)).address("locip", address(f.local));
  line.number("remport", f.remote ? f.remote->port : 0).number("locport", f.local ? f.local->port : 0);
  line.quoted("outintf", f.out_interface).quoted("cookies", cookies_of(f)).quoted("user", f.user);
  for (const char* key : {"group", "useralt", "xauthuser", "xauthgroup"}) line.quoted(key, {});
  line.address("assignip", f.assigned).quoted("vpntunnel", tunnel).address("tunnelip", f.tunnel_address);
  line.number("tunnelid", f.tunnel_id).quoted("tunneltype", "ipsec").number("duration", f.duration_s);
  line.number("sentbyte", f.sent_bytes).number("rcvdbyte", f.received_bytes).number("nextstat", 0);
}

/// Fills in what the event knows and the facts do not: a tunnel that is gone has none any more.
TunnelFacts completed(const LogEvent& e, TunnelFacts f) {
  if (e.id == LogId::event_up && f.user.empty()) f.user = text_field(e, 2);
  if (e.id == LogId::event_down && f.duration_s == 0) f.duration_s = std::stoull(number_field(e, 1));
  return f;
}

}  // namespace

std::string event_line(const LogEvent& e, const TunnelFacts& facts, Stamp at) {
  const auto form = form_of(e.id);
  const bool of_tunnel = is_tunnel_event(e.id);
  Line line;
  line.plain("date", date_of(at)).plain("time", time_of(at)).plain("eventtime", std::to_string(at.us * 1000));
  line.quoted("tz", zone_of(at)).quoted("logid", form.logid).quoted("type", "event");
  line.quoted("subtype", of_tunnel ? "vpn" : "system").quoted("level", name_of(level_of(e.id))).quoted("vd", "root");
  line.quoted("logdesc", form.description).quoted("msg", dormouse::text_of(e)).quoted("action", form.action);
  append_own_fields(line, e);
  if (of_tunnel) append_tunnel(line, tunnel_of(e), completed(e, facts));
  return line.take();
}

void EventLog::write(const LogEvent& e, Stamp at) {
  const auto tunnel = tunnel_of(e);
  std::optional<TunnelFacts> facts;
  if (facts_ && !tunnel.empty()) facts = facts_(tunnel);
  lines_.push_back(event_line(e, facts.value_or(TunnelFacts{}), at));
  if (lines_.size() > limits::kEventLogLines) lines_.pop_front();
}

std::vector<std::string> EventLog::newest(std::size_t count) const {
  const auto n = static_cast<std::ptrdiff_t>(std::min(count, lines_.size()));
  return {lines_.end() - n, lines_.end()};
}

}  // namespace dormouse::log
