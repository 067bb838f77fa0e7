#include "adapters/log/stamp.h"

#include <array>
#include <time.h>

namespace dormouse::log {
namespace {

constexpr std::int64_t kMicro = 1'000'000;

std::int64_t whole_seconds(Stamp s) { return s.us >= 0 ? s.us / kMicro : (s.us - kMicro + 1) / kMicro; }

std::string local(Stamp s, const char* format) {
  const time_t seconds = whole_seconds(s);
  tm parts{};
  static_cast<void>(localtime_r(&seconds, &parts));
  std::array<char, 64> text{};
  return {text.data(), strftime(text.data(), text.size(), format, &parts)};
}

}  // namespace

Stamp stamp_now() {
  timespec t{};
  static_cast<void>(clock_gettime(CLOCK_REALTIME, &t));
  return {std::int64_t{t.tv_sec} * kMicro + t.tv_nsec / 1000};
}

std::string text_of(Stamp s) {
  const auto fraction = std::to_string(s.us - whole_seconds(s) * kMicro);
  return local(s, "%Y-%m-%d %H:%M:%S.") + std::string(6 - fraction.size(), '0') + fraction;
}

std::string date_of(Stamp s) { return local(s, "%Y-%m-%d"); }
std::string time_of(Stamp s) { return local(s, "%H:%M:%S"); }
std::string zone_of(Stamp s) { return local(s, "%z"); }

}  // namespace dormouse::log
