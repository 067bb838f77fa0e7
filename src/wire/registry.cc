#include "wire/registry.h"

namespace dormouse::wire {

std::string exchange_name(ExchangeType e, bool response) {
  std::string name;
  switch (e) {
#define DM_EXCHANGE(id, number, log_name) \
  case ExchangeType::id: name = log_name; break;
#include "wire/registry.def"
#undef DM_EXCHANGE
  }
  if (name.empty()) name = std::to_string(static_cast<unsigned>(e));
  return response ? name + "_RESPONSE" : name;
}

std::string notify_name(NotifyType t) {
  switch (t) {
#define DM_NOTIFY(id, number, name) \
  case NotifyType::id: return name;
#include "wire/registry.def"
#undef DM_NOTIFY
  }
  return std::to_string(static_cast<unsigned>(t));
}

std::string payload_name(PayloadType t) {
  switch (t) {
#define DM_PAYLOAD(id, number, name) \
  case PayloadType::id: return name;
#include "wire/registry.def"
#undef DM_PAYLOAD
  }
  return std::to_string(static_cast<unsigned>(t));
}

}  // namespace dormouse::wire
