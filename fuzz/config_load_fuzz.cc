// A configuration text of any octets: reading it ends, its errors lie inside of it, what is accepted prints as itself,
// and the shell's editor takes every line of it without falling over.
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "config/lang/lexer.h"
#include "config/load/load.h"
#include "config/schema/candidate.h"

namespace {

using namespace dormouse;

void require(bool holds) {
  if (!holds) std::abort();
}

Outcome<SecretBytes> decode(std::string_view base64) {
  if (base64.size() % 2 != 0) return failure("is of odd length");
  return SecretBytes(as_bytes(base64));
}

void load(std::string_view text) {
  const auto loaded = config::load(text, decode);
  if (!loaded) {
    require(!loaded.error().empty() && loaded.error().size() <= 2 * config::kMaxErrors);
    for (const auto& d : loaded.error()) require(!config::render(d, "f", text).empty());
    return;
  }
  const auto again = config::load(config::print(loaded->tree), decode);
  require(again.has_value());
  require(config::same(loaded->tree, again->tree));
  require(config::print(loaded->tree) == config::print(again->tree));
}

void edit(std::string_view text) {
  config::Candidate candidate{config::Tree{}};
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::vector<std::string> words;
    for (const auto& w : config::lex(text.substr(0, end)).words) words.push_back(w.text);
    if (!words.empty()) static_cast<void>(candidate.complete({words.begin(), words.end() - 1}, words.back()));
    const auto before = candidate.revision();
    const auto reply = candidate.run(words);
    require(reply.code == 0 || candidate.revision() == before);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  config::Tree again;
  require(config::apply(config::print(candidate.tree()), config::shape(), again).empty());
  require(config::same(candidate.tree(), again));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  load(text);
  edit(text);
  return 0;
}
