#include "programs/dormouse/commands.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <regex>

#include "config/lang/lexer.h"
#include "programs/dormouse/status_view.h"

namespace dormouse::shell {
namespace {

using nlohmann::json;
using Arguments = std::vector<std::string>;
using View = std::string (*)(const json&, const std::string&);

Reply failed(const std::string& text) { return {text + "\nCommand fail. Return code 1\n", 1}; }
Reply of(const Outcome<json>& answer) { return answer ? Reply{} : failed(answer.error().text); }

std::string argument(const Arguments& a, std::size_t i) { return i < a.size() ? a[i] : ""; }

/// A command that prints a view of the status (or the status itself with --json).
auto status_command(View view) {
  return [view](Session& s, const Arguments& a) -> Reply {
    const auto answer = s.call({{"op", "status"}});
    if (!answer) return failed(answer.error().text);
    if (s.as_json) return {(*answer)["status"].dump(2) + "\n", 0};
    return {view((*answer)["status"], argument(a, 0)), 0};
  };
}
auto simple(const char* op, const char* first, const char* second = nullptr) {
  return [=](Session& s, const Arguments& a) -> Reply {
    json request = {{"op", op}, {first, argument(a, 0)}};
    if (second) request[second] = argument(a, 1);
    return of(s.call(request));
  };
}

Reply show(Session& s, const Arguments& a) {
  Arguments path = a;
  const bool full = !path.empty() && path[0].size() >= 2 && std::string_view("full-configuration").starts_with(path[0]);
  if (full) path.erase(path.begin());
  const auto text = ConfigMode::show(s, path, full);
  return text ? Reply{*text, 0} : failed(text.error().text);
}

Reply events(Session& s, const Arguments&) {
  const auto answer = s.call({{"op", "events"}, {"count", 100}});
  if (!answer) return failed(answer.error().text);
  std::string out;
  for (const auto& l : (*answer)["lines"]) out += l.get<std::string>() + "\n";
  return {out, 0};
}

Reply system_status(Session& s, const Arguments&) {
  const auto v = s.call({{"op", "version"}});
  const auto st = s.call({{"op", "status"}});
  if (!v || !st) return failed((v ? st : v).error().text);
  return {"Version: Dormouse " + v->value("version", "") + "\nHostname: " + v->value("hostname", "") + "\n" +
              ike_status((*st)["status"]),
          0};
}

Reply debug_level(Session& s, const Arguments& a) {
  s.debug.level = std::atoi(argument(a, 0).c_str());
  return {};
}
Reply debug_info(Session& s, const Arguments&) {
  return {fmt::format("debug output: {}\nconsole timestamp: {}\nike debug level: {}\nlog filter name: {}\n",
                      s.debug.enabled ? "enable" : "disable", s.debug.timestamps ? "enable" : "disable", s.debug.level,
                      s.debug.filter.empty() ? "any" : s.debug.filter),
          0};
}

bool placeholder(const std::string& word) {
  return !word.empty() && (word[0] == '[' || std::isupper(static_cast<unsigned char>(word[0])));
}

/// How many words of `c` the typed ones match, or none.
std::optional<Arguments> match(const Command& c, const Arguments& typed, bool exact) {
  Arguments out;
  for (std::size_t i = 0; i < typed.size(); ++i) {
    if (i >= c.words.size()) {
      if (c.words.empty() || c.words.back() != "[...]") return std::nullopt;
      out.push_back(typed[i]);
    } else if (placeholder(c.words[i])) {
      out.push_back(typed[i]);
    } else if (exact ? c.words[i] != typed[i] : !std::string_view(c.words[i]).starts_with(typed[i])) {
      return std::nullopt;
    }
  }
  for (std::size_t i = typed.size(); i < c.words.size(); ++i)
    if (c.words[i][0] != '[') return std::nullopt;
  return out;
}

}  // namespace

Commands::Commands() {
  const auto words = [](const char* text) {
    Arguments out;
    for (const auto w : config::split(text)) out.emplace_back(w);
    return out;
  };
  const auto add = [&](const char* line, const char* explanation, auto action) {
    table_.push_back({words(line), explanation, action});
  };
  const auto no_name = [](std::string (*view)(const json&)) {
    return [view](Session& s, const Arguments&) -> Reply {
      const auto answer = s.call({{"op", "status"}});
      if (!answer) return failed(answer.error().text);
      return s.as_json ? Reply{(*answer)["status"].dump(2) + "\n", 0} : Reply{view((*answer)["status"]), 0};
    };
  };
  add("show [...]", "the configuration: show [full-configuration] [PATH [KEY]]", show);
  add("get vpn ipsec tunnel summary", "one line a tunnel", no_name(tunnel_summary));
  add("get vpn ipsec tunnel details", "every tunnel", status_command(tunnel_list));
  add("get vpn ipsec tunnel name NAME", "one tunnel", status_command(tunnel_list));
  add("get vpn ipsec stats tunnel", "how many tunnels", no_name(tunnel_stats));
  add("get vpn ike gateway [NAME]", "IKE gateways", status_command(gateway_list));
  add("get system status", "version and totals", system_status);
  add("diagnose vpn ike gateway list", "IKE gateways, also asleep ones and what they have left",
      status_command(gateway_list));
  add("diagnose vpn ike gateway list name NAME", "one gateway", status_command(gateway_list));
  add("diagnose vpn ike gateway clear", "delete every IKE SA, with a Delete to the peer",
      simple("gateway.clear", "name"));
  add("diagnose vpn ike gateway clear name NAME", "the same for one gateway", simple("gateway.clear", "name"));
  add("diagnose vpn ike gateway flush", "drop every IKE SA silently", simple("gateway.flush", "name"));
  add("diagnose vpn ike gateway flush name NAME", "the same for one gateway", simple("gateway.flush", "name"));
  add("diagnose vpn ike status", "totals and counters", no_name(ike_status));
  add("diagnose vpn ike log filter name NAME", "trail of one gateway only",
      [](Session& s, const Arguments& a) { return s.debug.filter = argument(a, 0), Reply{}; });
  add("diagnose vpn ike log filter clear", "trail of all gateways",
      [](Session& s, const Arguments&) { return s.debug.filter.clear(), Reply{}; });
  add("diagnose vpn ike log filter list", "the filter", debug_info);
  add("diagnose vpn tunnel list", "IPsec SAs of every tunnel", status_command(tunnel_list));
  add("diagnose vpn tunnel list name NAME", "of one tunnel", status_command(tunnel_list));
  add("diagnose vpn tunnel up PHASE2 [PHASE1]", "bring a tunnel up", simple("tunnel.up", "phase2", "phase1"));
  add("diagnose vpn tunnel down PHASE2 [PHASE1]", "bring it down", simple("tunnel.down", "phase2", "phase1"));
  add("diagnose vpn tunnel flush NAME", "delete its SAs", simple("tunnel.flush", "name"));
  add("execute vpn ipsec tunnel up PHASE2 [PHASE1]", "bring a tunnel up", simple("tunnel.up", "phase2", "phase1"));
  add("execute vpn ipsec tunnel down PHASE2 [PHASE1]", "bring it down", simple("tunnel.down", "phase2", "phase1"));
  add("diagnose debug application ike LEVEL", "-1: everything, 0: nothing", debug_level);
  add("diagnose debug enable", "print the trail",
      [](Session& s, const Arguments&) { return s.debug.enabled = true, Reply{}; });
  add("diagnose debug disable", "stop printing it",
      [](Session& s, const Arguments&) { return s.debug.enabled = false, Reply{}; });
  add("diagnose debug reset", "level, filter and output back to nothing",
      [](Session& s, const Arguments&) { return s.debug = {}, Reply{}; });
  add("diagnose debug info", "what is set", debug_info);
  add("diagnose debug console timestamp enable", "times in front of lines",
      [](Session& s, const Arguments&) { return s.debug.timestamps = true, Reply{}; });
  add("diagnose debug console timestamp disable", "no times",
      [](Session& s, const Arguments&) { return s.debug.timestamps = false, Reply{}; });
  add("execute log display", "the event log", events);
  add("execute reload", "read the configuration file again",
      [](Session& s, const Arguments&) { return of(s.call({{"op", "reload"}})); });
  add("help", "all commands", [this](Session&, const Arguments&) { return Reply{help(), 0}; });
  add("exit", "leave", [](Session&, const Arguments&) { return Reply{}; });
  add("quit", "leave", [](Session&, const Arguments&) { return Reply{}; });
}

std::string Commands::help() const {
  std::string out = fmt::format("{:<48} {}\n", "config PATH", "change the configuration: edit, set, next, end");
  for (const auto& c : table_) {
    std::string line;
    for (const auto& w : c.words) line += (line.empty() ? "" : " ") + w;
    out += fmt::format("{:<48} {}\n", line, c.help);
  }
  return out +
         "Words may be abbreviated; '?' shows what can follow; output can be piped: | grep [-i] [-v] [-n] [-c] "
         "PATTERN\n";
}

Reply Commands::dispatch(Session& session, const Arguments& words) const {
  const Command* found = nullptr;
  Arguments arguments;
  for (const bool exact : {true, false}) {
    bool ambiguous = false;
    for (const auto& c : table_)
      if (auto a = match(c, words, exact)) {
        ambiguous = found != nullptr;
        if (!found) arguments = std::move(*a);
        found = &c;
        if (exact) break;
      }
    if (ambiguous)
      return {"ambiguous command; more letters are needed ('?' helps)\nCommand fail. Return code -61\n", -61};
    if (found) return found->run(session, arguments);
  }
  // Say where it stops making sense.
  for (std::size_t n = words.size(); n > 0; --n) {
    const Arguments head(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(n) - 1);
    bool some = false;
    for (const auto& c : table_) {
      bool fits = head.size() < c.words.size();
      for (std::size_t i = 0; fits && i < head.size(); ++i)
        fits = placeholder(c.words[i]) || std::string_view(c.words[i]).starts_with(head[i]);
      some = some || fits;
    }
    if (!some) continue;
    if (head.empty())
      return {"Unknown action 0: '" + words[0] + "' ('help' lists the commands)\nCommand fail. Return code -61\n", -61};
    ConfigMode none(session);
    auto next = head;
    next.push_back("");
    std::string accepted;
    for (const auto& [name, text] : complete(none, next)) accepted += (accepted.empty() ? "" : ", ") + name;
    const bool incomplete = n == words.size() + 1;
    return {(incomplete ? "incomplete command in the end" : "command parse error before '" + words[n - 1] + "'") +
                "\nexpected: " + accepted + "\nCommand fail. Return code -61\n",
            -61};
  }
  return {"incomplete command in the end\nCommand fail. Return code -160\n", -160};
}

std::vector<std::pair<std::string, std::string>> Commands::complete(const ConfigMode& config,
                                                                    const Arguments& words) const {
  auto out = config.complete(words);
  if (config.active() || words.empty()) return out;
  if (words.size() == 1 && std::string_view("config").starts_with(words[0]))
    out.emplace_back("config", "change the configuration");
  for (const auto& c : table_) {
    if (c.words.size() < words.size()) continue;
    bool fits = true;
    for (std::size_t i = 0; fits && i + 1 < words.size(); ++i)
      fits = placeholder(c.words[i]) || std::string_view(c.words[i]).starts_with(words[i]);
    const auto& next = c.words[words.size() - 1];
    if (!fits || (!placeholder(next) && !std::string_view(next).starts_with(words.back()))) continue;
    if (placeholder(next) && !words.back().empty()) continue;
    const auto shown = placeholder(next) ? "<" + next + ">" : next;
    if (std::ranges::any_of(out, [&](const auto& o) { return o.first == shown; })) continue;
    out.emplace_back(shown, c.words.size() == words.size() ? c.help : "");
  }
  return out;
}

Reply Commands::run(Session& session, ConfigMode& config, const std::string& line) const {
  std::string command = line, filter;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == '|' && !quoted) {
      command = line.substr(0, i);
      filter = line.substr(i + 1);
      break;
    }
  }
  Arguments words;
  for (auto& w : config::lex(command).words) words.push_back(w.text);
  if (words.empty()) return {};
  const bool starts_config = words[0].size() >= 4 && std::string_view("config").starts_with(words[0]);
  Reply reply = config.active() || starts_config ? config.line(command) : dispatch(session, words);
  if (filter.empty() || reply.code != 0) return reply;
  Arguments arguments;
  for (auto& w : config::lex(filter).words) arguments.push_back(w.text);
  if (arguments.empty() || arguments[0] != "grep")
    return {"only '| grep' is known\nCommand fail. Return code -61\n", -61};
  arguments.erase(arguments.begin());
  return grep(reply.text, arguments);
}

Reply grep(const std::string& text, const Arguments& arguments) {
  bool invert = false, number = false, count = false;
  auto flags = std::regex::ECMAScript;
  std::string pattern;
  for (const auto& a : arguments) {
    if (a == "-v")
      invert = true;
    else if (a == "-n")
      number = true;
    else if (a == "-c")
      count = true;
    else if (a == "-i")
      flags |= std::regex::icase;
    else
      pattern = a;
  }
  std::regex expression;
  try {  // the library reports a bad pattern only this way
    expression = std::regex(pattern, flags);
  } catch (const std::regex_error&) {
    return {"grep: '" + pattern + "' is not a regular expression\nCommand fail. Return code 1\n", 1};
  }
  std::string out;
  std::size_t at = 0, kept = 0, n = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    ++n;
    if (std::regex_search(line, expression) == invert) continue;
    ++kept;
    if (!count) out += (number ? std::to_string(n) + ":" : "") + line + "\n";
  }
  return {count ? std::to_string(kept) + "\n" : out, 0};
}

}  // namespace dormouse::shell
