#include "config/schema/candidate.h"

#include <algorithm>

#include "config/schema/reply.h"

namespace dormouse::config {
namespace {

using Words = std::vector<std::string>;

Words from(const Words& words, std::size_t n) {
  return {words.begin() + static_cast<std::ptrdiff_t>(std::min(n, words.size())), words.end()};
}

bool may_be_renamed_in_use(const TableSpec& table) { return !table.interface_key; }

}  // namespace

std::span<const Candidate::Command> Candidate::commands() {
  static constexpr Command all[] = {
      {"config", "enter a section", true, false, true, &Candidate::config},
      {"edit", "make or change an entry", false, true, false, &Candidate::edit},
      {"set", "give an attribute a value", false, false, true, &Candidate::set},
      {"unset", "give an attribute its default", false, false, true, &Candidate::unset},
      {"append", "add to a list", false, false, true, &Candidate::append},
      {"select", "replace a list", false, false, true, &Candidate::select},
      {"unselect", "take from a list", false, false, true, &Candidate::unselect},
      {"delete", "remove an entry", false, true, false, &Candidate::remove},
      {"purge", "remove all entries", false, true, false, &Candidate::purge},
      {"rename", "give an entry another name", false, true, false, &Candidate::rename},
      {"clone", "copy an entry", false, true, false, &Candidate::clone},
      {"move", "put an entry before or after another", false, true, false, &Candidate::move},
      {"show", "print the configuration that differs from the defaults", true, true, true, &Candidate::show_command},
      {"get", "print all values", true, true, true, &Candidate::get_command},
      {"next", "keep the entry and go back to its table", false, false, true, &Candidate::next},
      {"end", "keep the entry and leave the section", false, true, true, &Candidate::end},
      {"abort", "drop the entry and leave all sections", false, true, true, &Candidate::abort},
  };
  return all;
}

bool Candidate::fits(const Command& c) const {
  if (!inside()) return c.at_top;
  if (!in_entry()) return c.in_table;
  if (c.word == "next" && top().table->singleton) return false;
  const bool has_nested =
      std::ranges::any_of(tables(), [&](const TableSpec& t) { return t.parent == top().table->path; });
  return c.in_entry && (c.word != "config" || has_nested);
}

const Candidate::Command* Candidate::find_command(std::string_view word) const {
  const Command* found = nullptr;
  for (const auto& c : commands()) {
    if (!fits(c) || word.empty() || !c.word.starts_with(word)) continue;
    if (c.word == word) return &c;
    if (found) return nullptr;  // ambiguous
    found = &c;
  }
  return found;
}

bool Candidate::knows(std::string_view word) const { return find_command(word) != nullptr; }

Reply Candidate::run(const Words& words) {
  if (words.empty()) return {};
  if (const auto* c = find_command(words[0])) return (this->*c->run)(from(words, 1));
  std::string all;
  for (const auto& c : commands())
    if (fits(c)) all += (all.empty() ? "" : ", ") + std::string(c.word);
  return reply::parse_error(words[0], all);
}

std::string Candidate::prompt() const {
  if (!inside()) return "";
  if (in_entry() && !top().table->singleton) return top().entry->key;
  return std::string(split(top().table->path).back());
}

void Candidate::reset(Tree running) {
  tree_ = std::move(running);
  frames_.clear();
  ++revision_;
}

const Section* Candidate::section() const {
  if (frames_.size() == 1) return tree_.find(top().table->path);
  return frames_[frames_.size() - 2].entry->section(top().table->path);
}

Section& Candidate::section_to_change() {
  if (frames_.size() == 1) return tree_.section(top().table->path);
  auto& parent = *frames_[frames_.size() - 2].entry;
  if (auto* s = parent.section(top().table->path)) return *s;
  return parent.sections.emplace_back(Section{.path = std::string(top().table->path)});
}

const TableSpec* Candidate::resolve_path(const Words& args, const std::string& parent, std::size_t& used) const {
  const TableSpec* found = nullptr;
  std::size_t matches = 0;
  used = 0;
  for (const auto& t : tables()) {
    if (t.parent != parent) continue;
    const auto words = split(t.path);
    std::size_t n = 0;
    while (n < std::min(words.size(), args.size()) && !args[n].empty() && words[n].starts_with(args[n])) ++n;
    if (n < words.size()) {
      if (!found) used = std::max(used, n);
      continue;
    }
    used = n;
    if (std::equal(words.begin(), words.end(), args.begin())) return &t;
    found = &t;
    ++matches;
  }
  return matches == 1 ? found : nullptr;
}

Reply Candidate::refuse_path(const Words& args, std::size_t used) const {
  const auto following = [&](std::size_t n, std::string_view beginning) {
    std::vector<Completion> next;
    complete_path({args.begin(), args.begin() + static_cast<std::ptrdiff_t>(n)}, parent_path(), next);
    std::string all;
    for (const auto& c : next)
      if (c.text.starts_with(beginning)) all += (all.empty() ? "" : ", ") + c.text;
    return all;
  };
  std::string path;
  for (const auto& a : args) path += (path.empty() ? "" : " ") + a;
  if (is_foreign_section(path, parent_path()))
    return reply::error(-61, "command parse error before '" + args.back() +
                                 "'\nFortiOS has this section, Dormouse does not support it");
  if (used < args.size()) return reply::parse_error(args[used], following(used, ""));
  if (const auto more = following(used, ""); !more.empty() || args.empty()) return reply::incomplete(more);
  return reply::parse_error(args.back(), following(used - 1, args.back()));  // several begin like this
}

Reply Candidate::config(const Words& args) {
  std::size_t used = 0;
  const auto* table = resolve_path(args, parent_path(), used);
  if (!table) return refuse_path(args, used);
  if (used < args.size()) return reply::parse_error(args[used]);
  frames_.push_back({.table = table});
  if (!table->singleton) return {};
  const auto* s = section();
  top().entry = s && !s->entries.empty() ? s->entries.front() : Entry{};
  return {};
}

Reply Candidate::edit(const Words& args) {
  const auto& table = *top().table;
  if (args.empty()) return reply::incomplete(table.highest_key != 0 ? "a number; 0 for the next free one" : "a name");
  if (args.size() > 1) return reply::parse_error(args[1], "one name, in quotes if it has blanks");
  std::string key = args[0];
  const auto* s = section();
  if (table.highest_key != 0 && key == "0") key = free_number(s ? *s : Section{});
  if (const auto wrong = check_key(table, key))
    return reply::error(wrong->fault == Fault::too_long ? -1 : -651, wrong->message, wrong->accepted);
  const auto* existing = s ? s->find(key) : nullptr;
  top().entry = existing ? *existing : Entry(key);
  return {0, existing ? "" : "new entry '" + key + "' added\n"};
}

const AttributeSpec* Candidate::attribute(const std::string& word) const {
  const AttributeSpec* found = nullptr;
  for (const auto& spec : top().table->attributes) {
    if (word.empty() || !spec.name.starts_with(word) || !is_visible(*top().table, spec, *top().entry)) continue;
    if (spec.name == word) return &spec;
    if (found) return nullptr;
    found = &spec;
  }
  return found;
}

Reply Candidate::refuse_attribute(const std::string& word) const {
  if (const auto* hidden = find_attribute(*top().table, word))
    return reply::parse_error(word, "this only if " + visibility_text(*hidden));
  const auto finding = check_unknown(*top().table, word);
  return reply::error(-61, "command parse error before '" + word + "'\n" + finding.message, finding.accepted);
}

Reply Candidate::assign(const AttributeSpec& spec, const Words& values) {
  std::vector<Value> placed;
  for (const auto& v : values) placed.push_back({.text = v});
  if (const auto wrong = check_values(spec, placed, &tree_)) return reply::refused(spec, values, *wrong);
  top().entry->set(spec.name, values);
  return {};
}

Reply Candidate::set(const Words& args) {
  if (args.empty()) return reply::incomplete("an attribute");
  const auto* spec = attribute(args[0]);
  if (!spec) return refuse_attribute(args[0]);
  return assign(*spec, from(args, 1));
}

Reply Candidate::append(const Words& args) {
  if (args.empty()) return reply::incomplete("an attribute that is a list");
  const auto* spec = attribute(args[0]);
  if (!spec) return refuse_attribute(args[0]);
  if (!is_list(spec->kind)) return reply::parse_error(args[0], "an attribute that is a list");
  if (args.size() < 2) return reply::incomplete(accepted_by(*spec));
  auto values = values_of(*spec, *top().entry);
  for (const auto& v : from(args, 1))
    if (std::ranges::find(values, v) == values.end()) values.push_back(v);
  return assign(*spec, values);
}

Reply Candidate::select(const Words& args) {
  const auto* spec = args.empty() ? nullptr : attribute(args[0]);
  if (spec && !is_list(spec->kind)) return reply::parse_error(args[0], "an attribute that is a list");
  return set(args);
}

Reply Candidate::unselect(const Words& args) {
  if (args.empty()) return reply::incomplete("an attribute that is a list");
  const auto* spec = attribute(args[0]);
  if (!spec) return refuse_attribute(args[0]);
  if (!is_list(spec->kind)) return reply::parse_error(args[0], "an attribute that is a list");
  auto values = values_of(*spec, *top().entry);
  for (const auto& v : from(args, 1))
    if (std::erase(values, v) == 0)
      return reply::error(-3, "entry not found in datasource\n\nvalue parse error before '" + v + "'");
  if (!values.empty()) return assign(*spec, values);
  top().entry->unset(spec->name);
  return {};
}

Reply Candidate::unset(const Words& args) {
  if (args.empty()) return reply::incomplete("an attribute");
  const auto* spec = attribute(args[0]);
  if (!spec) return refuse_attribute(args[0]);
  if (args.size() > 1) return reply::parse_error(args[1]);
  top().entry->unset(spec->name);
  return {};
}

Reply Candidate::close_entry() {
  Entry entry = std::move(*top().entry);
  top().entry.reset();
  const auto& table = *top().table;
  std::string wrong;
  for (const auto* spec : missing(table, entry)) {
    const auto finding = check_missing(*spec);
    wrong += "node_check_object fail! for " + std::string(spec->name) + ": " + finding.message +
             "\naccepted: " + finding.accepted + "\n";
  }
  if (!wrong.empty()) return reply::error(1, wrong + "\nobject set operator error, -56 discard the setting");
  std::erase_if(entry.attributes, [&](const Attribute& a) {
    const auto* spec = find_attribute(table, a.name);
    return spec && !is_visible(table, *spec, entry);
  });
  const auto* s = section();
  const auto* before = s ? s->find(entry.key) : nullptr;
  const bool untouched = before ? same(*before, entry) : table.singleton && same(Entry{}, entry);
  if (untouched) return {};
  auto& entries = section_to_change().entries;
  const auto it = std::ranges::find(entries, entry.key, &Entry::key);
  if (it != entries.end())
    *it = std::move(entry);
  else
    entries.push_back(std::move(entry));
  ++revision_;
  return {};
}

Reply Candidate::next(const Words& args) {
  if (!args.empty()) return reply::parse_error(args[0]);
  return close_entry();
}

Reply Candidate::end(const Words& args) {
  if (!args.empty()) return reply::parse_error(args[0]);
  Reply r;
  if (in_entry()) r = close_entry();
  frames_.pop_back();
  return r;
}

Reply Candidate::abort(const Words& args) {
  if (!args.empty()) return reply::parse_error(args[0]);
  frames_.clear();
  return {};
}

Reply Candidate::no_entry(const std::string& key) const {
  return reply::error(-3, "entry not found in datasource\n\nvalue parse error before '" + key + "'");
}

Reply Candidate::in_use(const std::string& key) const {
  const auto& table = *top().table;
  const auto* phase1 = tree_.find("vpn ipsec phase1-interface");
  const bool stays =
      is_predefined(table.path, key) || (table.path == "system interface" && phase1 && phase1->find(key));
  const auto n = frames_.size() > 1 || stays ? 0 : count_references(tree_, table, key);
  if (n == 0) return {};
  return reply::error(-23, "The entry is used by other " + std::to_string(n) + " entries",
                      "to change or delete those first");
}

Reply Candidate::remove(const Words& args) {
  if (args.empty()) return reply::incomplete("a name");
  if (args.size() > 1) return reply::parse_error(args[1]);
  const auto* s = section();
  if (!s || !s->find(args[0])) return no_entry(args[0]);
  if (auto used = in_use(args[0]); used.code != 0) return used;
  std::erase_if(section_to_change().entries, [&](const Entry& e) { return e.key == args[0]; });
  ++revision_;
  return {};
}

Reply Candidate::purge(const Words& args) {
  if (!args.empty()) return reply::parse_error(args[0]);
  const auto* s = section();
  if (!s || s->entries.empty()) return {};
  for (const auto& e : s->entries)
    if (auto used = in_use(e.key); used.code != 0) return used;
  section_to_change().entries.clear();
  ++revision_;
  return {};
}

Reply Candidate::check_pair(const Words& args, std::string_view between) const {
  if (args.size() < 3) return reply::incomplete("NAME " + std::string(between) + " NEW");
  if (args.size() > 3) return reply::parse_error(args[3]);
  if (args[1] != between) return reply::parse_error(args[1], std::string(between));
  const auto* s = section();
  if (!s || !s->find(args[0])) return no_entry(args[0]);
  if (const auto wrong = check_key(*top().table, args[2]))
    return reply::error(wrong->fault == Fault::too_long ? -1 : -651, wrong->message, wrong->accepted);
  if (s->find(args[2])) return reply::error(-5, "A duplicate entry already exists", "a new name");
  return {};
}

Reply Candidate::rename(const Words& args) {
  if (auto r = check_pair(args, "to"); r.code != 0) return r;
  if (!may_be_renamed_in_use(*top().table))
    if (auto used = in_use(args[0]); used.code != 0) return used;
  section_to_change().find(args[0])->key = args[2];
  if (frames_.size() == 1) rename_references(tree_, *top().table, args[0], args[2]);
  ++revision_;
  return {};
}

Reply Candidate::clone(const Words& args) {
  if (auto r = check_pair(args, "to"); r.code != 0) return r;
  auto& s = section_to_change();
  Entry copy = *s.find(args[0]);
  copy.key = args[2];
  s.entries.push_back(std::move(copy));
  ++revision_;
  return {};
}

Reply Candidate::move(const Words& args) {
  if (args.size() < 3) return reply::incomplete("NAME before|after OTHER");
  if (args.size() > 3) return reply::parse_error(args[3]);
  const bool before = args[1] == "before";
  if (!before && args[1] != "after") return reply::parse_error(args[1], "before, after");
  const auto* s = section();
  for (const auto i : {0U, 2U})
    if (!s || !s->find(args[i])) return no_entry(args[i]);
  if (args[0] == args[2]) return {};
  auto& entries = section_to_change().entries;
  const auto at = std::ranges::find(entries, args[0], &Entry::key);
  Entry moved = std::move(*at);
  entries.erase(at);
  const auto to = std::ranges::find(entries, args[2], &Entry::key);
  entries.insert(before ? to : to + 1, std::move(moved));
  ++revision_;
  return {};
}

Reply Candidate::show_command(const Words& words) {
  auto args = words;
  const bool full = !args.empty() && !args[0].empty() && std::string_view("full-configuration").starts_with(args[0]);
  const auto detail = full ? Detail::full : Detail::changed;
  if (full) args.erase(args.begin());
  if (inside()) return show_here(args, detail);
  if (args.empty()) return {0, show(tree_, detail)};
  std::size_t used = 0;
  const auto* table = resolve_path(args, "", used);
  if (!table) return used < args.size() ? reply::parse_error(args[used]) : reply::incomplete("a whole path");
  args = from(args, used);
  if (args.size() > 1) return reply::parse_error(args[1]);
  const auto* s = tree_.find(table->path);
  if (!args.empty() && (table->singleton || !s || !s->find(args[0]))) return no_entry(args[0]);
  return {0, show(tree_, *table, args.empty() ? "" : args[0], detail)};
}

Reply Candidate::show_here(const Words& args, Detail detail) const {
  Tree shown;
  auto& s = shown.section(top().table->path);
  if (in_entry())
    s.entries.push_back(*top().entry);
  else if (section())
    s.entries = section()->entries;
  if (args.size() > 1 || (in_entry() && !args.empty())) return reply::parse_error(args.back());
  if (!args.empty() && !s.find(args[0])) return no_entry(args[0]);
  return {0, show(shown, *top().table, args.empty() ? "" : args[0], detail)};
}

Reply Candidate::get_command(const Words& words) {
  if (in_entry()) return words.empty() ? Reply{0, get_entry(*top().table, *top().entry)} : reply::parse_error(words[0]);
  const TableSpec* table = inside() ? top().table : nullptr;
  const Section* s = inside() ? section() : nullptr;
  auto args = words;
  if (!inside()) {
    std::size_t used = 0;
    table = resolve_path(args, "", used);
    if (!table) return used < args.size() ? reply::parse_error(args[used]) : reply::incomplete("a path");
    s = tree_.find(table->path);
    args = from(args, used);
  }
  if (args.size() > 1) return reply::parse_error(args[1]);
  if (table->singleton) return {0, get_entry(*table, s && !s->entries.empty() ? s->entries.front() : Entry{})};
  if (args.empty()) return {0, s ? get_table(*s, *table) : ""};
  const auto* e = s ? s->find(args[0]) : nullptr;
  return e ? Reply{0, get_entry(*table, *e)} : no_entry(args[0]);
}

}  // namespace dormouse::config
