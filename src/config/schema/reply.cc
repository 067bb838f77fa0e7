#include "config/schema/reply.h"

namespace dormouse::config::reply {
namespace {

struct Form {
  int code;
  std::string explanation;  // the line before "value parse error"
};

Form form_of(const AttributeSpec& spec, const std::string& value, const Finding& finding) {
  const std::string node = "node_check_object fail! for " + std::string(spec.name) + " " + value;
  switch (finding.fault) {
    case Fault::reference: return {-3, "entry not found in datasource"};
    case Fault::number: return {-651, "invalid unsigned integer value: " + value};
    case Fault::address: return {-8, "invalid ip address"};
    case Fault::too_long:
      return {-1, "string value is too long. the size is " + std::to_string(value.size()) + ", the limit is " +
                      std::to_string(spec.high)};
    case Fault::too_many: return {-61, "too many values"};
    default: return {-651, node};
  }
}

}  // namespace

Reply error(int code, std::string text, const std::string& accepted) {
  std::string out = "\n" + std::move(text) + "\n";
  if (!accepted.empty()) out += "accepted: " + accepted + "\n";
  return {code, out + "Command fail. Return code " + std::to_string(code) + "\n"};
}

Reply parse_error(std::string_view before, const std::string& accepted) {
  return error(-61, "command parse error before '" + std::string(before) + "'", accepted);
}

Reply incomplete(const std::string& accepted) { return error(-160, "incomplete command in the end", accepted); }

Reply refused(const AttributeSpec& spec, const std::vector<std::string>& values, const Finding& finding) {
  if (finding.fault == Fault::no_value) return incomplete(finding.accepted);
  const bool secret = spec.kind == Kind::secret;  // not to be repeated on a screen
  const std::string value = secret || finding.value >= values.size() ? "*" : values[finding.value];
  const auto form = form_of(spec, value, finding);
  return error(form.code, form.explanation + "\n\nvalue parse error before '" + value + "'\n" + finding.message,
               finding.accepted);
}

}  // namespace dormouse::config::reply
