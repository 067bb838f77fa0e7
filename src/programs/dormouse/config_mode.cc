#include "programs/dormouse/config_mode.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/lang/lexer.h"
#include "config/schema/check.h"

namespace dormouse::shell {
namespace {

using nlohmann::json;

// FortiOS's codes for the cases people meet.
constexpr int kParse = -61, kIncomplete = -160, kNotFound = -3, kValue = -651, kFailed = 1;

Reply fail(std::string text, int code) {
  return {std::move(text) + "\nCommand fail. Return code " + std::to_string(code) + "\n", code};
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> out;
  for (auto& w : config::lex(text).words) out.push_back(w.text);
  return out;
}

/// The full word a unique abbreviation stands for.
std::string expand(const std::string& word, std::initializer_list<const char*> known) {
  std::string found;
  for (const char* k : known) {
    if (word == k) return word;
    if (std::string_view(k).starts_with(word)) found = found.empty() ? k : "?";
  }
  return found.empty() || found == "?" ? word : found;
}

std::string join(const std::vector<std::string>& words, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < words.size(); ++i) out += (i == from ? "" : " ") + words[i];
  return out;
}

const config::TableSpec* table_by_words(const std::string& path, const std::string& parent) {
  if (const auto* t = config::find_table(path, parent)) return t;
  // Abbreviated words: "conf vpn ip phase1".
  const config::TableSpec* found = nullptr;
  const auto typed = config::split(path);
  for (const auto& t : config::tables()) {
    const auto words = config::split(t.path);
    if (t.parent != parent || words.size() != typed.size()) continue;
    const bool fits = std::equal(words.begin(), words.end(), typed.begin(),
                                 [](auto word, auto abbreviation) { return word.starts_with(abbreviation); });
    if (fits && found) return nullptr;
    if (fits) found = &t;
  }
  return found;
}

void fill_defaults(config::Section& s, const std::string& parent) {
  const auto* table = config::find_table(s.path, parent);
  if (!table) return;
  for (auto& e : s.entries) {
    std::vector<config::Attribute> all;
    for (const auto& spec : table->attributes) {
      if (const auto* a = e.find(spec.name)) {
        all.push_back(*a);
      } else if (!spec.default_value.empty()) {
        config::Attribute filled{std::string(spec.name), {}, {}};
        for (const auto w : config::split(spec.default_value)) filled.values.push_back({std::string(w), {}});
        all.push_back(std::move(filled));
      }
    }
    e.attributes = std::move(all);
    for (auto& nested : e.sections) fill_defaults(nested, s.path);
  }
}

/// `show`: in the order of the rows, without what equals its default.
void trim_defaults(config::Section& s, const std::string& parent) {
  const auto* table = config::find_table(s.path, parent);
  if (!table) return;
  for (auto& e : s.entries) {
    std::vector<config::Attribute> kept;
    for (const auto& spec : table->attributes) {
      const auto* a = e.find(spec.name);
      if (!a) continue;
      std::string value;
      for (const auto& v : a->values) value += (value.empty() ? "" : " ") + v.text;
      const bool always =
          spec.kind == config::Kind::proposal1 || spec.kind == config::Kind::proposal2;  // FortiOS always shows them
      if (always || value != spec.default_value) kept.push_back(*a);
    }
    e.attributes = std::move(kept);
    for (auto& nested : e.sections) trim_defaults(nested, s.path);
  }
}

}  // namespace

std::string ConfigMode::place() const {
  if (levels_.empty()) return "";
  const auto& l = levels_.back();
  if (l.in_entry && !l.key.empty()) return l.key;
  return std::string(config::split(l.path).back());
}

std::string ConfigMode::closings() const {
  std::string out;
  for (auto l = levels_.rbegin(); l != levels_.rend(); ++l)
    out += l->in_entry && !l->table->singleton ? "next\nend\n" : "end\n";
  return out;
}

config::Tree ConfigMode::candidate() const {
  config::Tree tree = base_;
  (void)config::apply(lines_ + closings(), config::shape(), tree);  // each line was checked when it was typed
  return tree;
}

Reply ConfigMode::begin(const std::vector<std::string>& words, const std::string&) {
  const std::string parent = levels_.empty() ? "" : levels_.back().path;
  const auto path = join(words, 1);
  if (path.empty()) return fail("incomplete command in the end", kIncomplete);
  const auto* table = table_by_words(path, parent);
  if (!table)
    return fail("command parse error before '" + words[1] + "'; " + config::shape().suggest(path, parent), kParse);
  if (levels_.empty()) {
    const auto current = session_.call({{"op", "config.get"}});
    if (!current) return fail(current.error().text, kFailed);
    base_ = {};
    lines_.clear();
    revision_ = (*current)["revision"].get<std::uint64_t>();
    if (const auto errors = config::apply((*current)["text"].get<std::string>(), config::shape(), base_);
        !errors.empty())
      return fail("the daemon's configuration does not parse here: " + errors.front().message, kFailed);
  } else if (!levels_.back().in_entry) {
    return fail("command parse error before 'config'; edit an entry first", kParse);
  }
  lines_ += "config " + std::string(table->path) + "\n";
  levels_.push_back({std::string(table->path), "", table, table->singleton});
  return {};
}

Reply ConfigMode::check_set(const std::vector<std::string>& words) const {
  if (words.size() < 2) return fail("incomplete command in the end", kIncomplete);
  std::vector<config::Value> values;
  for (std::size_t i = 2; i < words.size(); ++i) values.push_back({words[i], {1, 1}});
  const auto* spec = config::find_attribute(*levels_.back().table, words[1]);
  if (!spec) {
    const auto unknown = config::check_unknown(*levels_.back().table, words[1]);
    return fail("command parse error before '" + words[1] + "'\n" + unknown.message + "; expected: " + unknown.accepted,
                kParse);
  }
  if (words[0] == "unset") return {};
  const auto tree = candidate();
  const auto problem = config::check_values(*spec, values, &tree);
  if (!problem) return {};
  const bool reference = problem->fault == config::Fault::reference;
  const std::string value = join(words, 2);
  const std::string head = reference ? "entry not found in datasource\n\n"
                                     : "node_check_object fail! for " + words[1] + " " + value + "\n\n";
  return fail(
      head + "value parse error before '" + value + "'\n" + problem->message + "; expected: " + problem->accepted,
      reference ? kNotFound : kValue);
}

Reply ConfigMode::line(const std::string& text) {
  auto words = words_of(text);
  if (words.empty()) return {};
  words[0] = expand(words[0], {"config", "edit", "set", "unset", "append", "next", "end", "delete", "purge", "rename",
                               "clone", "move", "show", "abort", "get"});
  const auto& verb = words[0];
  if (verb == "config") return begin(words, text);
  if (levels_.empty()) return fail("command parse error before '" + verb + "'", kParse);
  auto& l = levels_.back();
  if (verb == "abort") {
    levels_.clear();
    return {};
  }
  if (verb == "show" || verb == "get") {
    auto tree = candidate();
    auto* s = tree.find(levels_.front().path);
    if (!s) return {"config " + levels_.front().path + "\nend\n", 0};
    if (words.size() > 1 && std::string_view("full-configuration").starts_with(words[1]))
      fill_defaults(*s, "");
    else
      trim_defaults(*s, "");
    return {config::print(*s), 0};
  }
  if (verb == "set" || verb == "unset" || verb == "append") {
    if (!l.in_entry) return fail("command parse error before '" + verb + "'; edit an entry first", kParse);
    if (auto bad = check_set(words); bad.code != 0) return bad;
  } else if (verb == "edit") {
    if (words.size() != 2) return fail("incomplete command in the end", kIncomplete);
    if (l.in_entry) return fail("command parse error before 'edit'", kParse);
  }
  // The statement goes through the very parser the daemon uses, on a copy, before it is taken.
  std::string written = text.substr(text.find_first_not_of(" \t"));
  written = verb +
            written.substr(std::min(written.size(), written.find_first_of(" \t") == std::string::npos
                                                        ? written.size()
                                                        : written.find_first_of(" \t"))) +
            "\n";
  if (verb == "edit" && (words[1] == "0" || words[1].empty())) {
    auto tree = candidate();
    const auto* s = tree.find(l.path);
    unsigned n = 1;
    while (s && s->find(std::to_string(n))) ++n;
    words[1] = std::to_string(n);
    written = "edit " + words[1] + "\n";
  }
  if (verb == "end") {
    const bool was_entry = l.in_entry && !l.table->singleton;
    lines_ += was_entry ? "next\nend\n" : "end\n";
    levels_.pop_back();
    return levels_.empty() ? commit() : Reply{};
  }
  {
    config::Tree tree = base_;
    auto levels = levels_;
    if (verb == "edit") levels_.back().in_entry = true;
    if (verb == "next") levels_.back().in_entry = false;
    const auto errors = config::apply(lines_ + written + closings(), config::shape(), tree);
    if (!errors.empty()) {
      levels_ = std::move(levels);
      return fail(errors.front().message + "; expected: " + errors.front().accepted, kParse);
    }
  }
  if (verb == "edit") levels_.back().key = words[1];
  if (verb == "next") levels_.back().key.clear();
  lines_ += written;
  return {};
}

Reply ConfigMode::commit() {
  config::Tree tree = base_;
  if (const auto errors = config::apply(lines_, config::shape(), tree); !errors.empty())
    return fail(errors.front().message, kParse);
  const auto answer =
      session_.call_raw({{"op", "config.commit"}, {"text", config::print(tree)}, {"revision", revision_}});
  if (!answer) return fail(answer.error().text, kFailed);
  if (answer->value("ok", false)) return {};
  std::string out;
  for (const auto& d : answer->value("diagnostics", json::array())) {
    out += d.value("path", "") + ": " + (d.value("attribute", "").empty() ? "" : d.value("attribute", "") + ": ") +
           d.value("message", "");
    if (!d.value("accepted", "").empty()) out += "; expected: " + d.value("accepted", "");
    out += "\n";
  }
  return fail(out + answer->value("error", std::string("refused")) + ", discard the setting", kFailed);
}

std::vector<std::pair<std::string, std::string>> ConfigMode::complete(const std::vector<std::string>& words) const {
  std::vector<std::pair<std::string, std::string>> out;
  if (words.empty()) return out;
  const auto offer = [&](std::string_view name, std::string_view help) {
    if (name.starts_with(words.back())) out.emplace_back(name, help);
  };
  if (words.size() >= 2 && std::string_view("config").starts_with(words[0]) && !words[0].empty()) {
    const std::string parent = levels_.empty() ? "" : levels_.back().path;
    for (const auto& t : config::tables()) {
      if (t.parent != parent) continue;
      const auto path = config::split(t.path);
      if (path.size() < words.size() - 1) continue;
      bool fits = true;
      for (std::size_t i = 1; i + 1 < words.size(); ++i) fits = fits && path[i - 1].starts_with(words[i]);
      const auto next = path[words.size() - 2];
      const bool seen = std::ranges::any_of(out, [&](const auto& o) { return o.first == next; });
      if (fits && !seen) offer(next, path.size() == words.size() - 1 ? t.help : "");
    }
    return out;
  }
  if (levels_.empty()) return out;
  const auto& l = levels_.back();
  if (words.size() == 1) {
    if (l.in_entry) {
      offer("set", "change an attribute");
      offer("unset", "back to its default");
      offer("append", "add to a list");
      if (!l.table->singleton) offer("next", "finish this entry");
    } else {
      offer("edit", "make or open an entry");
      offer("delete", "remove an entry");
      offer("purge", "remove all entries");
      offer("rename", "rename OLD to NEW");
      offer("clone", "clone OLD to NEW");
      offer("move", "move KEY before|after OTHER");
    }
    offer("config", "open a nested table");
    offer("show", "what is configured here");
    offer("end", "apply and leave");
    offer("abort", "leave without applying");
    return out;
  }
  const auto tree = candidate();
  if (words.size() == 2 && (words[0] == "edit" || words[0] == "delete" || words[0] == "rename" || words[0] == "clone" ||
                            words[0] == "move")) {
    if (const auto* s = tree.find(l.path))
      for (const auto& e : s->entries) offer(e.key, "");
    return out;
  }
  if (words[0] != "set" && words[0] != "unset" && words[0] != "append") return out;
  if (words.size() == 2) {
    for (const auto& a : l.table->attributes) offer(a.name, a.help);
    return out;
  }
  const auto* spec = config::find_attribute(*l.table, words[1]);
  if (!spec) return out;
  if (spec->kind == config::Kind::option || spec->kind == config::Kind::options) {
    for (const auto c : config::split(spec->choices)) offer(c, "");
  } else if (spec->kind == config::Kind::reference || spec->kind == config::Kind::references) {
    for (const auto table : config::split(spec->choices, ','))
      if (const auto* s = tree.find(table))
        for (const auto& e : s->entries) offer(e.key, "");
  } else if (words.back().empty()) {
    out.emplace_back("<" + config::accepted_by(*spec) + ">", spec->help);
  }
  return out;
}

Outcome<std::string> ConfigMode::show(const Session& session, const std::vector<std::string>& path, bool full) {
  TRY_ASSIGN(const auto current, session.call({{"op", "config.get"}}));
  config::Tree tree;
  if (const auto errors = config::apply(current["text"].get<std::string>(), config::shape(), tree); !errors.empty())
    return failure(errors.front().message);
  std::string out;
  bool known = path.empty();
  for (auto& s : tree.sections) {
    const auto words = config::split(s.path);
    if (words.size() > path.size() && !path.empty()) continue;
    if (!path.empty() &&
        !std::equal(words.begin(), words.end(), path.begin(), [](auto w, const auto& p) { return w.starts_with(p); }))
      continue;
    if (path.size() > words.size() + 1) continue;
    if (path.size() == words.size() + 1) {
      const auto* e = s.find(path.back());
      if (!e) continue;
      s.entries = {config::Entry(*e)};
    }
    known = true;
    if (full)
      fill_defaults(s, "");
    else
      trim_defaults(s, "");
    out += config::print(s);
  }
  if (!known) return failure("nothing is configured under '" + join(path, 0) + "'");
  return out;
}

}  // namespace dormouse::shell
