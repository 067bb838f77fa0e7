#include "programs/dormouse/config_mode.h"

#include <nlohmann/json.hpp>

namespace dormouse::shell {
namespace {

std::string text_of(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

/// The daemon's diagnostics as sentences. Their lines and columns are those of a text the operator never saw.
std::string sentences(const Json& answer) {
  std::string out;
  const auto diagnostics = answer.find("diagnostics");
  if (diagnostics == answer.end() || !diagnostics->is_array()) return out;
  for (const auto& d : *diagnostics) {
    for (const auto* part : {"path", "attribute"})
      if (const auto words = text_of(d, part); !words.empty()) out += words + ": ";
    out += text_of(d, "message");
    if (const auto accepted = text_of(d, "accepted"); !accepted.empty()) out += "; expected: " + accepted;
    out += "\n";
  }
  return out;
}

Ending ending_of(const config::Reply& reply) { return reply.code == 0 ? Ending::done : Ending::mistake; }

}  // namespace

Outcome<void> ConfigMode::read() {
  TRY_ASSIGN(const auto answer, daemon_.ask({{"op", "config.get"}}));
  config::Tree tree;
  if (const auto errors = config::apply(text_of(answer, "text"), config::shape(), tree); !errors.empty())
    return failure("the daemon's configuration is not one of this version: " + errors.front().message);
  const auto revision = answer.find("revision");
  daemon_revision_ = revision != answer.end() && revision->is_number_integer() ? revision->get<std::uint64_t>() : 0;
  running_ = std::move(tree);
  return {};
}

/// Begins again from `tree`, at the place where the operator was.
void ConfigMode::restart(config::Tree tree) {
  const bool was_inside = inside();
  candidate_.emplace(std::move(tree));
  if (was_inside) static_cast<void>(candidate_->run(opened_));
  committed_ = candidate_->revision();
}

Reply ConfigMode::run(const std::vector<std::string>& words) {
  if (!inside()) {
    if (const auto known = read(); !known) return failed(known.error().text);
    candidate_.emplace(running_);
    committed_ = candidate_->revision();
    opened_ = words;
  }
  const auto reply = candidate_->run(words);
  if (candidate_->revision() == committed_) return {reply.text, ending_of(reply)};
  committed_ = candidate_->revision();
  // A change inside of an entry that is still open is no change of the tree yet; an entry may also be left as it was.
  if (config::same(candidate_->tree(), running_)) return {reply.text, ending_of(reply)};
  auto committed = commit();
  // One statement may do both: `end` closes an entry that is refused.
  committed.text = reply.text + committed.text;
  if (committed.ending == Ending::done) committed.ending = ending_of(reply);
  return committed;
}

Reply ConfigMode::commit() {
  const auto answer = daemon_.request(
      {{"op", "config.commit"}, {"text", config::print(candidate_->tree())}, {"revision", daemon_revision_}});
  const bool accepted = answer && answer->value("ok", Json(false)) == Json(true);
  const auto reread = read();  // also for what the daemon made of it: secrets come back sealed
  restart(running_);
  if (!answer) return failed(answer.error().text + "\nit is not known whether the change was made");
  if (!accepted) {
    const auto why = sentences(*answer);
    if (why.empty()) return failed(text_of(*answer, "error") + "\nthe change was discarded");
    return refuse(why + "object check operator error, -45, discard the setting", Ending::mistake, kCodeFailed);
  }
  if (!reread) return failed("the change was made, but then: " + reread.error().text);
  return {sentences(*answer)};
}

Suggestions ConfigMode::complete(const std::vector<std::string>& words) {
  Suggestions out;
  if (words.empty()) return out;
  if (!inside()) {
    // Names come from what runs; without a daemon the schema still knows the words.
    if (!read()) running_ = {};
    candidate_.emplace(running_);
  }
  const std::vector<std::string> before(words.begin(), words.end() - 1);
  for (auto& c : candidate_->complete(before, words.back()))
    out.push_back({std::move(c.text), std::move(c.help), !c.is_word});
  return out;
}

}  // namespace dormouse::shell
