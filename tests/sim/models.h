// The seed page's two configurations as models, to be varied by tests.
#pragma once
#include <memory>

#include "config/model/model.h"

namespace dormouse::sim {

[[nodiscard]] config::Model server_model();
[[nodiscard]] config::Model client_model(const IpAddress& server);
[[nodiscard]] config::Secret secret(std::string_view text);
[[nodiscard]] inline std::shared_ptr<const config::Model> share(config::Model m) {
  return std::make_shared<const config::Model>(std::move(m));
}

}  // namespace dormouse::sim
