#include "base/event.h"

namespace dormouse {
namespace {

struct Entry {
  LogLevel level;
  const char* name;
  const char* text;
  const char* meaning;
};
constexpr Entry kCatalogue[] = {
#define DM_LOG(id, level, text, meaning) {LogLevel::level, #id, text, meaning},
#include "base/log_catalogue.def"
#undef DM_LOG
};

const Entry& entry(LogId id) { return kCatalogue[static_cast<std::size_t>(id)]; }

void append_hex(std::string& out, std::uint64_t v, int width, const char* digits) {
  for (int shift = 4 * (width - 1); shift >= 0; shift -= 4) out += digits[v >> shift & 15];
}

struct Append {
  std::string& out;
  void operator()(std::uint64_t v) const { out += std::to_string(v); }
  void operator()(const std::string& v) const { out += v; }
  void operator()(const Hex& v) const { append_hex(out, v.value, v.width, "0123456789abcdef"); }
  void operator()(const HexDump& v) const {
    for (const auto b : v.data) append_hex(out, b, 2, "0123456789ABCDEF");
  }
};

bool is_packet_dump(LogId id) {
  return id == LogId::packet_in || id == LogId::packet_out || id == LogId::packet_dec || id == LogId::packet_enc;
}

}  // namespace

LogLevel level_of(LogId id) { return entry(id).level; }
const char* name_of(LogId id) { return entry(id).name; }
const char* meaning_of(LogId id) { return entry(id).meaning; }
const char* pattern_of(LogId id) { return entry(id).text; }

std::string text_of(const LogEvent& e) {
  const std::string_view pattern = entry(e.id).text;
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{' || i + 2 >= pattern.size() || pattern[i + 2] != '}') {
      out += pattern[i];
      continue;
    }
    const auto n = static_cast<std::size_t>(pattern[i + 1] - '0');
    if (n < e.fields.size()) std::visit(Append{out}, e.fields[n]);
    i += 2;
  }
  return out;
}

std::string owner_of(const LogScope& s) {
  std::string out;
  if (!s.gateway.empty()) {
    out = s.gateway + ":";
  } else if (s.spi_i.value() != 0) {
    append_hex(out, s.spi_i.value(), 16, "0123456789abcdef");
    out += '/';
    append_hex(out, s.spi_r.value(), 16, "0123456789abcdef");
    out += ':';
  } else {
    return out;
  }
  if (s.ike.value() != 0) out += std::to_string(s.ike.value()) + ":";
  if (!s.phase2.empty()) out += s.phase2 + ":";
  if (s.child.value() != 0) out += std::to_string(s.child.value()) + ":";
  return out;
}

std::string debug_line(const LogEvent& e) {
  // FortiOS keeps the old prefix on its hex lines, and puts the interface where the VDOM stands on route lines.
  std::string prefix = is_packet_dump(e.id) ? "ike 0:" : "ike V=root:0:";
  if ((e.id == LogId::add_route || e.id == LogId::del_route) && !e.scope.gateway.empty())
    prefix = "ike V=" + e.scope.gateway + ":0:";
  return prefix + owner_of(e.scope) + " " + text_of(e);
}

}  // namespace dormouse
