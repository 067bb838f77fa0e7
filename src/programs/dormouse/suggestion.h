// What could stand at the cursor, with its help.
#pragma once
#include <string>
#include <vector>

namespace dormouse::shell {

struct Suggestion {
  std::string word;
  std::string help = {};
  bool placeholder = false;  ///< "<NAME>": something the operator makes up; only shown, never filled in
};
using Suggestions = std::vector<Suggestion>;

}  // namespace dormouse::shell
