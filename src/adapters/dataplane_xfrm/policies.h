// The policies of one xfrm interface. Tunnels claim them; where several claim the same, the newest has it. What nobody
// claims goes into the hole.
#pragma once
#include <map>
#include <optional>

#include "adapters/dataplane_xfrm/kernel.h"

namespace dormouse::xfrm {

class Policies {
 public:
  using Claims = std::map<PolicyKey, Template>;
  explicit Policies(std::uint32_t if_id) : if_id_(if_id) {}
  /// Where outbound packets go that no tunnel claims.
  [[nodiscard]] Outcome<void> set_last(Kernel& kernel, const Template& through);
  /// All that `tunnel` claims from now on. Failure: the first policy that the kernel refused; the others stand.
  [[nodiscard]] Outcome<void> claim(Kernel& kernel, TunnelId tunnel, const Claims& wanted);
  /// Removes all of them.
  void clear(Kernel& kernel);

 private:
  struct Claim {
    TunnelId tunnel;
    Template through;
  };
  [[nodiscard]] Outcome<void> put(Kernel& kernel, const PolicyKey& key, const Template& through) const;
  void drop(Kernel& kernel, TunnelId tunnel, const PolicyKey& key);
  [[nodiscard]] static bool is_last(const PolicyKey& key);
  std::uint32_t if_id_;
  std::optional<Template> last_;
  std::map<PolicyKey, std::vector<Claim>> claims_;  ///< the one in force last
  std::map<TunnelId, Claims> of_;
};

}  // namespace dormouse::xfrm
