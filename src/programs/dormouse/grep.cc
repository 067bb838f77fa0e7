#include "programs/dormouse/grep.h"

#include <optional>
#include <regex>

namespace dormouse::shell {
namespace {

struct Options {
  bool ignore_case = false, invert = false, number = false, count = false;
  std::string pattern;
};

Reply usage(const std::string& what) {
  return refuse(what + "\nexpected: | grep [-i] [-n] [-v] [-c] PATTERN", Ending::mistake, kCodeParse);
}

std::optional<Options> parse(const std::vector<std::string>& words) {
  Options out;
  std::size_t i = 1;
  for (; i < words.size() && words[i].size() > 1 && words[i][0] == '-'; ++i) {
    for (const char c : words[i].substr(1)) {
      switch (c) {
        case 'i': out.ignore_case = true; break;
        case 'v': out.invert = true; break;
        case 'n': out.number = true; break;
        case 'c': out.count = true; break;
        default: return std::nullopt;
      }
    }
  }
  if (i + 1 != words.size()) return std::nullopt;
  out.pattern = words[i];
  return out;
}

std::optional<std::regex> compile(const Options& options) {
  auto flags = std::regex::ECMAScript | std::regex::nosubs;
  if (options.ignore_case) flags |= std::regex::icase;
  try {  // the library has no other way to say that a pattern is wrong
    return std::regex(options.pattern, flags);
  } catch (const std::regex_error&) {
    return std::nullopt;
  }
}

}  // namespace

std::pair<std::string, std::string> split_pipe(const std::string& line) {
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '\\' && quote != '\'')
      ++i;
    else if (quote != 0)
      quote = c == quote ? '\0' : quote;
    else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '|')
      return {line.substr(0, i), line.substr(i + 1)};
  }
  return {line, ""};
}

Reply filter(const std::string& text, const std::vector<std::string>& words) {
  if (words.empty() || words[0] != "grep") return usage("only grep can stand behind '|'");
  const auto options = parse(words);
  if (!options) return usage("grep cannot be used like this");
  const auto expression = compile(*options);
  if (!expression) return usage("'" + options->pattern + "' is not a regular expression");
  std::string out;
  std::size_t number = 0, kept = 0;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    if (std::regex_search(line, *expression) == options->invert) continue;
    ++kept;
    if (!options->count) out += (options->number ? std::to_string(number + 1) + ":" : "") + line + "\n";
  }
  return {options->count ? std::to_string(kept) + "\n" : out};
}

}  // namespace dormouse::shell
