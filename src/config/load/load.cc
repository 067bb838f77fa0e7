#include "config/load/load.h"

#include <algorithm>
#include <set>

#include "config/load/builder.h"
#include "config/schema/check.h"

namespace dormouse::config {
namespace {

using Fault = std::pair<std::string, std::string>;  // path and attribute of a reported error

/// The tree without what was reported: what the builder reads is then right, value by value, and what it has to say
/// about the rest can be said in the same run.
void drop_faults(std::vector<Section>& sections, const std::string& where, const std::set<Fault>& faults) {
  for (auto& s : sections) {
    const auto path_of = [&](const Entry& e) { return where + s.path + (e.key.empty() ? "" : " " + in_quotes(e.key)); };
    std::erase_if(s.entries, [&](const Entry& e) { return faults.contains({path_of(e), ""}); });
    for (auto& e : s.entries) {
      const auto path = path_of(e);
      std::erase_if(e.attributes, [&](const Attribute& a) { return faults.contains({path, a.name}); });
      drop_faults(e.sections, path + " ", faults);
    }
  }
}

bool has_error(const std::vector<Diagnostic>& all) { return !std::ranges::all_of(all, &Diagnostic::warning); }

/// Builds the model and appends what the builder found that was not known before.
Model build(const Tree& tree, const DecodeSecret& decode, const CertificateChecks& checks,
            std::vector<Diagnostic>& found) {
  std::set<Fault> faults;
  for (const auto& d : found)
    if (!d.warning) faults.insert({d.path, d.attribute});
  Tree sound;
  if (!faults.empty()) {
    sound = tree;
    drop_faults(sound.sections, "", faults);
  }
  Builder b(faults.empty() ? tree : sound, decode, checks);
  b.run();
  for (auto& d : b.found)
    if (!faults.contains({d.path, d.attribute})) found.push_back(std::move(d));
  return std::move(b.model);
}

std::expected<Loaded, std::vector<Diagnostic>> finish(Tree tree, std::vector<Diagnostic> found,
                                                      const DecodeSecret& decode, const CertificateChecks& checks) {
  auto model = build(tree, decode, checks, found);
  sort_by_place(found);
  if (found.size() > kMaxErrors) found.resize(kMaxErrors);
  if (has_error(found)) return std::unexpected(std::move(found));
  return Loaded{std::make_shared<const Model>(std::move(model)), std::move(tree), std::move(found)};
}

}  // namespace

std::expected<Loaded, std::vector<Diagnostic>> load(std::string_view text, const DecodeSecret& decode,
                                                    const CertificateChecks& checks) {
  Tree tree;
  auto found = apply(text, shape(), tree);
  if (found.empty()) return load(std::move(tree), decode, checks);
  // A text that does not parse is still checked as far as it was read, each attribute for itself: one run shows what
  // there is to mend. Names are not looked up, and nothing is called missing, since it may stand in what was not
  // understood.
  for (auto& d : check_tree(tree, false))
    if (!d.warning && found.size() < kMaxErrors) found.push_back(std::move(d));
  sort_by_place(found);
  return std::unexpected(std::move(found));
}

std::expected<Loaded, std::vector<Diagnostic>> load(Tree tree, const DecodeSecret& decode,
                                                    const CertificateChecks& checks) {
  auto found = check_tree(tree);
  return finish(std::move(tree), std::move(found), decode, checks);
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
