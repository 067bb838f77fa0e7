// The shell's answers to mistakes, in FortiOS's words and with its numbers.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/schema/candidate.h"

namespace dormouse::config::reply {

/// "TEXT", what would be accepted, "Command fail. Return code CODE".
[[nodiscard]] Reply error(int code, std::string text, const std::string& accepted = "");
/// -61: a word that cannot stand here.
[[nodiscard]] Reply parse_error(std::string_view before, const std::string& accepted = "");
/// -160: the command ends too early.
[[nodiscard]] Reply incomplete(const std::string& accepted);
/// A value or attribute that a check refused.
[[nodiscard]] Reply refused(const AttributeSpec& spec, const std::vector<std::string>& values, const Finding& finding);

}  // namespace dormouse::config::reply
