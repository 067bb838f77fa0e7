#include "config/load/load.h"

#include "config/load/builder.h"

namespace dormouse::config {

void Builder::each(std::string_view path, void (Builder::*build)(const EntryReader&)) {
  const auto* table = find_table(path);
  const auto* section = tree_.find(path);
  if (!table || !section) return;
  path_ = path;
  for (const auto& e : section->entries) (this->*build)(EntryReader(*table, e));
}

void Builder::run() {
  if (const auto* s = tree_.find("system global"))
    for (const auto& e : s->entries) model.hostname = EntryReader(*find_table("system global"), e).text("hostname");
  each("vpn ipsec phase1-interface", &Builder::phase1);
  each("vpn ipsec phase2-interface", &Builder::phase2);
  each("system interface", &Builder::interface);
  each("firewall policy", &Builder::policy);
  each("router static", &Builder::route);
  each("system snmp community", &Builder::community);
  each("system snmp sysinfo", &Builder::sysinfo);
  finish();
}

bool Builder::mandatory(const EntryReader& e, std::string_view name, std::string_view what) {
  if (e.has(name)) return true;
  const auto* spec = find_attribute(*find_table(path_), name);
  error(e, name, std::string(what) + " is missing", "set " + std::string(name) + ", " + (spec ? accepted_by(*spec) : ""));
  return false;
}

void Builder::error(const EntryReader& e, std::string_view attribute, std::string message, std::string accepted) {
  const std::string where = std::string(path_) + (e.entry().key.empty() ? "" : " " + quoted(e.entry().key));
  errors.push_back({false, e.place(attribute), where, std::string(attribute), std::move(message), std::move(accepted)});
}

void Builder::warn(const EntryReader& e, std::string_view attribute, std::string message) {
  const std::string where = std::string(path_) + (e.entry().key.empty() ? "" : " " + quoted(e.entry().key));
  warnings.push_back({true, e.place(attribute), where, std::string(attribute), std::move(message), ""});
}

std::expected<Loaded, std::vector<Diagnostic>> load(std::string_view text, const DecodeSecret& decode) {
  Tree tree;
  auto errors = apply(text, shape(), tree);
  // A text that does not parse is still checked as far as it was read: one run shows all there is to mend.
  for (auto& d : check_tree(tree)) errors.push_back(std::move(d));
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return load(std::move(tree), decode);
}

std::expected<Loaded, std::vector<Diagnostic>> load(Tree tree, const DecodeSecret& decode) {
  auto errors = check_tree(tree);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  Builder b(tree, decode);
  b.run();
  if (!b.errors.empty()) return std::unexpected(std::move(b.errors));
  return Loaded{std::make_shared<const Model>(std::move(b.model)), std::move(tree), std::move(b.warnings)};
}

void seal_secrets(Tree& tree, const std::function<std::string(const SecretBytes&)>& encode) {
  for (auto& s : tree.sections) {
    const auto* table = find_table(s.path);
    if (!table) continue;
    for (auto& e : s.entries)
      for (auto& a : e.attributes) {
        const auto* spec = find_attribute(*table, a.name);
        if (!spec || spec->kind != Kind::secret || a.values.size() != 1) continue;
        a.values = {{"ENC", a.at}, {encode(SecretBytes(as_bytes(a.values[0].text))), a.at}};
      }
  }
}

}  // namespace dormouse::config
