#include "config/lang/diagnostic.h"

#include <algorithm>
#include <tuple>

namespace dormouse::config {
namespace {

std::string_view line_of(std::string_view text, unsigned line) {
  for (unsigned n = 1; n < line; ++n) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  return text.ends_with('\r') ? text.substr(0, text.size() - 1) : text;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Blanks as wide as `text`: tabs stay tabs, an UTF-8 character counts once.
std::string blank(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (!continues_character(c)) out += c == '\t' ? '\t' : ' ';
  return out;
}

}  // namespace

void sort_by_place(std::vector<Diagnostic>& all) {
  std::ranges::sort(all, {},
                    [](const Diagnostic& d) { return std::tie(d.at.line, d.at.column, d.attribute, d.message); });
}

std::string render(const Diagnostic& d, std::string_view file, std::string_view source) {
  std::string out = std::string(file) + ":" + std::to_string(d.at.line) + ":" + std::to_string(d.at.column) + ": ";
  out += d.warning ? "warning: " : "error: ";
  if (!d.path.empty()) out += d.path + ": ";
  if (!d.attribute.empty()) out += d.attribute + ": ";
  out += d.message;
  if (!d.accepted.empty()) out += "; expected: " + d.accepted;
  out += "\n";
  const auto line = line_of(source, d.at.line);
  if (line.empty() || d.at.column == 0 || d.at.column > line.size() + 1) return out;
  // A flattened page is one long line: show the part round the place, cut between characters.
  constexpr std::size_t kBefore = 60, kShown = 110;
  std::size_t from = d.at.column > kBefore ? d.at.column - kBefore : 0;
  while (from > 0 && continues_character(line[from])) --from;
  std::size_t to = std::min(line.size(), from + kShown);
  while (to < line.size() && continues_character(line[to])) ++to;
  out += "    " + std::string(line.substr(from, to - from)) + "\n";
  return out + "    " + blank(line.substr(from, d.at.column - 1 - from)) + "^\n";
}

}  // namespace dormouse::config
