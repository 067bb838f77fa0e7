// What may come next on a command line: for the Tab key and for `?`.
#include <algorithm>

#include "config/schema/candidate.h"

namespace dormouse::config {
namespace {

using Words = std::vector<std::string>;

Completion placeholder(std::string text, std::string_view help) { return {std::move(text), std::string(help), false}; }

std::string placeholder_of(const AttributeSpec& spec) {
  switch (spec.kind) {
    case Kind::integer:
    case Kind::integers: return "<" + std::to_string(spec.low) + "-" + std::to_string(spec.high) + ">";
    case Kind::string: return "<text>";
    case Kind::ipv4:
    case Kind::address: return "<a.b.c.d>";
    case Kind::ipv6: return "<x:x::x>";
    case Kind::subnet:
    case Kind::subnet4: return "<a.b.c.d m.m.m.m>";
    case Kind::subnet6: return "<x:x::x/n>";
    case Kind::secret: return "<secret>";
    case Kind::ports: return "<low-high>";
    default: return "";
  }
}

std::string help_of(const AttributeSpec& spec) {
  std::string out(spec.help);
  if (spec.mandatory) out += " (must be set)";
  if (spec.ours) out += " (not of FortiOS)";
  return out;
}

}  // namespace

void Candidate::complete_path(const Words& args, const std::string& parent, std::vector<Completion>& out) const {
  for (const auto& t : tables()) {
    if (t.parent != parent) continue;
    const auto words = split(t.path);
    if (words.size() <= args.size()) continue;
    const auto fits = [](const std::string& typed, std::string_view word) { return word.starts_with(typed); };
    if (!std::equal(args.begin(), args.end(), words.begin(), fits)) continue;
    const std::string word(words[args.size()]);
    const bool last = words.size() == args.size() + 1;
    const auto known = std::ranges::find(out, word, &Completion::text);
    if (known == out.end()) out.push_back({word, last ? std::string(t.help) : ""});
  }
}

void Candidate::complete_attribute(std::string_view command, std::vector<Completion>& out) const {
  const bool list = command == "append" || command == "select" || command == "unselect";
  for (const auto& spec : top().table->attributes) {
    if (!is_visible(*top().table, spec, *top().entry) || (list && !is_list(spec.kind))) continue;
    if (command == "unset" && !top().entry->find(spec.name)) continue;
    out.push_back({std::string(spec.name), help_of(spec)});
  }
}

void Candidate::complete_value(std::string_view command, const AttributeSpec& spec,
                               std::vector<Completion>& out) const {
  Words words;
  if (command == "unselect")
    words = values_of(spec, *top().entry);
  else if (is_reference(spec.kind))
    words = candidates(spec, tree_);
  else if (spec.kind == Kind::proposal1 || spec.kind == Kind::proposal2)
    words = all_proposals(spec.kind == Kind::proposal1);
  else if (spec.kind == Kind::option || spec.kind == Kind::options)
    for (const auto c : split(spec.choices)) words.emplace_back(c);
  if (words.empty()) out.push_back(placeholder(placeholder_of(spec), accepted_by(spec)));
  const auto defaults = values_of(spec, Entry{});
  for (auto& w : words) {
    const bool is_default = std::ranges::find(defaults, w) != defaults.end();
    out.push_back({std::move(w), is_default ? "default" : ""});
  }
}

void Candidate::complete_key(const Section* s, std::vector<Completion>& out) const {
  if (!s) return;
  for (const auto& e : s->entries) {
    const auto* label = e.find("comments") ? e.find("comments") : e.find("name");
    out.push_back({e.key, label && !label->values.empty() ? label->values[0].text : ""});
  }
}

void Candidate::complete_show(const Words& args, std::vector<Completion>& out) const {
  auto path = args;
  const bool full = !path.empty() && path[0] == "full-configuration";
  if (args.empty()) out.push_back({"full-configuration", "defaults too"});
  if (full) path.erase(path.begin());
  if (inside()) return;
  complete_path(path, "", out);
  std::size_t used = 0;
  const auto* table = resolve_path(path, "", used);
  if (table && used == path.size() && !table->singleton) complete_key(tree_.find(table->path), out);
}

std::vector<Completion> Candidate::complete(const Words& words, std::string_view partial) const {
  std::vector<Completion> out;
  const auto* command = words.empty() ? nullptr : find_command(words[0]);
  if (words.empty()) {
    for (const auto& c : commands())
      if (fits(c)) out.push_back({std::string(c.word), std::string(c.help)});
  } else if (command) {
    complete_arguments(command->word, {words.begin() + 1, words.end()}, out);
  }
  std::erase_if(out, [&](const Completion& c) { return c.is_word ? !c.text.starts_with(partial) : c.text.empty(); });
  return out;
}

void Candidate::complete_arguments(std::string_view command, const Words& args, std::vector<Completion>& out) const {
  const bool attributes =
      command == "set" || command == "unset" || command == "append" || command == "select" || command == "unselect";
  const bool pairs = command == "rename" || command == "clone" || command == "move";
  if (command == "config") return complete_path(args, parent_path(), out);
  if (command == "show") return complete_show(args, out);
  if (command == "get" && !inside()) {
    complete_path(args, "", out);
    std::size_t used = 0;
    const auto* table = resolve_path(args, "", used);
    if (table && used == args.size() && !table->singleton) complete_key(tree_.find(table->path), out);
  } else if (attributes && args.empty()) {
    complete_attribute(command, out);
  } else if (attributes && command != "unset") {
    const auto* spec = attribute(args[0]);
    if (spec && (args.size() == 1 || is_list(spec->kind))) complete_value(command, *spec, out);
  } else if (args.empty() && (pairs || command == "edit" || command == "delete")) {
    complete_key(section(), out);
    if (command == "edit")
      out.push_back(top().table->highest_key != 0 ? placeholder("<number>", "an entry; 0 for the next free number")
                                                  : placeholder("<name>", "an entry, there or new"));
  } else if (pairs && args.size() == 1) {
    if (command != "move") return out.push_back({"to", ""});
    out.push_back({"before", ""});
    out.push_back({"after", ""});
  } else if (pairs && args.size() == 2) {
    if (command == "move")
      complete_key(section(), out);
    else
      out.push_back(placeholder("<name>", "a new name"));
  }
}

}  // namespace dormouse::config
