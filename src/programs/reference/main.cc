// Prints the reference pages of docs/ and the manual pages from the tables that the programs themselves use, so that
// the pages cannot say anything else. `./dev docs` writes the former, where a test compares; the build makes the
// latter.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/event.h"
#include "config/schema/schema.h"
#include "programs/reference/manual.h"

namespace dormouse::reference {
namespace {

/// Octets that Markdown's tables give a meaning.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string sentence(std::string_view text) {
  std::string out(text);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
  return out + ".";
}

std::string attribute_row(const config::AttributeSpec& a) {
  std::string meaning(a.help);
  if (a.mandatory) meaning += "; must be set";
  if (!a.visible.empty()) meaning += "; only where " + config::visibility_text(a);
  if (a.ours) meaning += " (not in FortiOS)";
  std::string fallback = a.default_value.empty() ? "" : "`" + cell(a.default_value) + "`";
  return "| `" + std::string(a.name) + "` | " + cell(config::accepted_by(a)) + " | " + fallback + " | " +
         cell(meaning) + " |\n";
}

std::string key_text(const config::TableSpec& t) {
  if (t.singleton) return "No entries: attributes stand between `config` and `end`.";
  if (t.highest_key > 0) return "`edit` takes a number from 0 to " + std::to_string(t.highest_key) + ".";
  return "`edit` takes a name of at most " + std::to_string(t.interface_key ? 15U : t.key_length) + " characters" +
         (t.interface_key ? ", which is also the interface's name." : ".");
}

std::string configuration() {
  std::string out =
      "# Configuration reference\n\nEvery table and attribute there is, printed from the tables the programs check "
      "against. Names, "
      "ranges and defaults are FortiOS 7.6's;\nwhat FortiOS does not have says so. An attribute that FortiOS has and "
      "that is not "
      "here is refused with an error that says so.\n";
  for (const auto& t : config::tables()) {
    out += "\n## config ";
    if (!t.parent.empty()) out += std::string(t.parent) + " / ";
    out += std::string(t.path) + "\n\n" + sentence(t.help) + " " + key_text(t) + "\n\n";
    out += "| attribute | takes | default | meaning |\n| --- | --- | --- | --- |\n";
    for (const auto& a : t.attributes) out += attribute_row(a);
  }
  return out;
}

std::string log_lines() {
  std::string out =
      "# Log reference\n\nEvery line the daemon can write, by level; `{0}`, `{1}`, ... stand for values. `debug` lines "
      "are the IKE trail "
      "that\n`diagnose debug application ike -1` and `diagnose debug enable` show; the others are the event log.\n";
  constexpr std::pair<LogLevel, const char*> kLevels[] = {{LogLevel::error, "error"},
                                                          {LogLevel::warning, "warning"},
                                                          {LogLevel::notice, "notice"},
                                                          {LogLevel::info, "info"},
                                                          {LogLevel::debug, "debug"}};
  for (const auto& [level, name] : kLevels) {
    std::string rows;
    for (std::uint16_t i = 0; i < static_cast<std::uint16_t>(LogId::count_); ++i) {
      const auto id = static_cast<LogId>(i);
      if (level_of(id) == level) rows += "| `" + cell(pattern_of(id)) + "` | " + cell(meaning_of(id)) + " |\n";
    }
    if (rows.empty()) continue;
    out += "\n## " + std::string(name) + "\n\n| line | meaning |\n| --- | --- |\n" + rows;
  }
  return out;
}

}  // namespace
}  // namespace dormouse::reference

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  std::string page;
  if (argc == 2 && what == "log") {
    page = dormouse::reference::log_lines();
  } else if (argc == 2 && what == "configuration") {
    page = dormouse::reference::configuration();
  } else if (argc == 3 && what == "manual") {
    std::ifstream in(argv[2], std::ios::binary);
    page = dormouse::reference::manual(std::string(std::istreambuf_iterator<char>(in), {}));
    if (!in) return (void)std::fprintf(stderr, "reference: %s cannot be read\n", argv[2]), 1;
  } else {
    (void)std::fputs("usage: reference configuration|log|manual TEMPLATE\n", stderr);
    return 2;
  }
  return std::fputs(page.c_str(), stdout) < 0 ? 1 : 0;
}
