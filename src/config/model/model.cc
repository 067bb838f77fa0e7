#include "config/model/model.h"

#include <algorithm>

namespace dormouse::config {

const Phase1* Model::find_phase1(std::string_view name) const {
  const auto it = std::ranges::find(phase1, name, &Phase1::name);
  return it == phase1.end() ? nullptr : &*it;
}

const Interface* Model::find_interface(std::string_view name) const {
  const auto it = std::ranges::find(interfaces, name, &Interface::name);
  return it == interfaces.end() ? nullptr : &*it;
}

std::vector<const Phase2*> Model::phase2_of(std::string_view phase1_name) const {
  std::vector<const Phase2*> out;
  for (const auto& p : phase2)
    if (p.phase1 == phase1_name) out.push_back(&p);
  return out;
}

}  // namespace dormouse::config
