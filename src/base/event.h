// Log events are data: a catalogue id and typed fields. Text is made by text_of(), in one place, from
// log_catalogue.def.
#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"

namespace dormouse {

enum class LogLevel : std::uint8_t { debug, info, notice, warning, error };

enum class LogId : std::uint16_t {
#define DM_LOG(id, level, text, meaning) id,
#include "base/log_catalogue.def"
#undef DM_LOG
  count_
};

/// Whom a line is about. Empty parts are left out of the prefix: "V=root:0:toClient_0:11:toClient:30:".
struct LogScope {
  std::string gateway{};    ///< tunnel name, e.g. "toClient_0"
  IkeSaId ike{};            ///< 0 = none
  std::string phase2{};     ///< phase 2 name
  ChildId child{};          ///< 0 = none
  IkeSpi spi_i{}, spi_r{};  ///< used as owner while no gateway is known
};

struct Hex {  ///< lower-case, zero-padded to `width` digits
  std::uint64_t value;
  int width;
};
struct HexDump {  ///< upper-case, as the debug trail prints packets
  Bytes data;
};
using LogField = std::variant<std::uint64_t, std::string, Hex, HexDump>;

struct LogEvent {
  LogId id;
  LogScope scope;
  std::vector<LogField> fields;
};

[[nodiscard]] LogLevel level_of(LogId id);
/// The catalogue name, e.g. "resume_sleep_start".
[[nodiscard]] const char* name_of(LogId id);
/// The sentence for the operator: when it occurs and what to do.
[[nodiscard]] const char* meaning_of(LogId id);
/// The text with its places, e.g. "starting client-resume sleep period {0} sec ({1})".
[[nodiscard]] const char* pattern_of(LogId id);
/// The text without prefix, e.g. "starting client-resume sleep period 120 sec (1)".
[[nodiscard]] std::string text_of(const LogEvent& e);
/// The owner part of a debug line, e.g. "toClient_0:11:toClient:30:" (empty for the whole daemon).
[[nodiscard]] std::string owner_of(const LogScope& s);
/// The whole debug line as FortiOS prints it: "ike V=root:0:toClient_0: client has resumed (1)".
[[nodiscard]] std::string debug_line(const LogEvent& e);

}  // namespace dormouse
