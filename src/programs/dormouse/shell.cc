#include "programs/dormouse/shell.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/lang/lexer.h"
#include "programs/dormouse/grep.h"
#include "programs/dormouse/names.h"
#include "programs/status_view/fields.h"

namespace dormouse::shell {
namespace {

Words words_of(const config::Lexed& lexed) {
  Words out;
  for (const auto& w : lexed.words) out.push_back(w.text);
  return out;
}

/// For words that stand in the table only to be listed and abbreviated: ConfigMode runs them.
Reply nothing(const Words&) { return {}; }

}  // namespace

Words words_at_cursor(const std::string& text) {
  auto out = words_of(config::lex(text));
  // The mark keeps the lexer from dropping what stands at the end, be it nothing or "".
  const auto marked = words_of(config::lex(text + "x"));
  if (marked.size() > out.size()) out.emplace_back();
  return out;
}

Shell::Shell(Daemon& daemon, bool json) : daemon_(daemon), desk_{daemon, debug_, json}, config_(daemon) {
  table_.describe("config", "change the configuration");
  table_.describe("show", "the configuration as commands");
  table_.add("config ...", "change the configuration: edit, set, next, end", nothing);
  table_.add("show ...", "the configuration as commands: show [full-configuration] [PATH [KEY]]", nothing);
  add_get_commands(table_, desk_);
  add_diagnose_commands(table_, desk_);
  add_execute_commands(table_, desk_);
  table_.add("help", "every command", [this](const Words&) { return help(); });
  for (const auto* word : {"exit", "quit"}) {
    table_.add(word, "leave the shell", [this](const Words&) {
      finished_ = true;
      return Reply{};
    });
  }
}

Reply Shell::help() const {
  return {table_.help() +
          "Words may be abbreviated; '?' shows what can follow, Tab completes (Ctrl+V ? types a question mark).\n"
          "Behind show, get and diagnose: | grep [-i] [-n] [-v] [-c] PATTERN\n"};
}

Reply Shell::run(const std::string& line) {
  const auto text = begun_.empty() ? line : begun_ + "\n" + line;
  // What is set may well contain a '|'; only what is printed can be filtered.
  auto [command, pipe] = split_pipe(text);
  if (const auto first = words_of(config::lex(text)); config_.inside() && !first.empty() &&
                                                      !std::string_view("show").starts_with(first[0]) &&
                                                      !std::string_view("get").starts_with(first[0])) {
    command = text;
    pipe.clear();
  }
  const auto lexed = config::lex(command);
  if (lexed.unterminated.line != 0) {
    begun_ = text;
    return {};
  }
  begun_.clear();
  if (lexed.words.empty()) return {};
  auto reply = dispatch(words_of(lexed));
  if (pipe.empty() || reply.ending != Ending::done) return reply;
  return filter(reply.text, words_of(config::lex(pipe)));
}

Reply Shell::dispatch(const Words& words) {
  if (config_.inside()) return config_.run(words);
  const auto found = table_.find(words);
  if (!found) {
    // FortiOS's `get` also shows configured objects: get firewall policy.
    const bool object = words.size() > 1 && words[0] == "get" && found.error().good > 0 &&
                        found.error().kind == CommandTable::Mistake::Kind::unknown;
    if (!object) return explain(found.error(), words);
    const auto reply = config_.run(words);
    return reply.ending == Ending::mistake ? explain(found.error(), words) : reply;
  }
  for (const std::string_view verb : {"config", "show"}) {
    if (!verb.starts_with(words[0])) continue;
    auto full = words;
    full[0] = std::string(verb);
    return config_.run(full);
  }
  return (*found->run)(found->arguments);
}

Suggestions Shell::complete(const std::string& text) {
  const auto words = words_at_cursor(text);
  if (config_.inside()) return config_.complete(words);
  for (const std::string_view verb : {"config", "show"}) {
    if (words.size() < 2 || words[0].empty() || !verb.starts_with(words[0]) || !table_.find({words[0]})) continue;
    auto full = words;
    full[0] = std::string(verb);
    return config_.complete(full);
  }
  auto out = table_.complete(words, [this](const std::string& place) { return names_of(daemon_, place); });
  // FortiOS's `get` also shows configured objects: get system global.
  if (words.size() > 1 && words[0] == "get") {
    for (auto& object : config_.complete(words)) {
      const bool known = std::ranges::any_of(out, [&](const Suggestion& s) { return s.word == object.word; });
      if (!object.placeholder && !known) out.push_back(std::move(object));
    }
  }
  return out;
}

std::string Shell::prompt() const {
  if (!begun_.empty()) return "> ";
  return host_ + (config_.inside() ? " (" + config_.place() + ")" : "") + " # ";
}

Outcome<void> Shell::greet() {
  TRY_ASSIGN(const auto version, daemon_.ask({{"op", "version"}}));
  if (const auto name = status_view::text(version, "hostname"); !name.empty()) host_ = name;
  return {};
}

}  // namespace dormouse::shell
