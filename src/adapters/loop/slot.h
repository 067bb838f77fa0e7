// The part of a registration that sd-event holds a pointer to. Only loop's own files include this.
#pragma once
#include <functional>
#include <memory>
#include <systemd/sd-event.h>

namespace dormouse::loop {

/// Shared, so that a callback may destroy its own Source: the call in progress keeps the slot alive.
struct Slot : std::enable_shared_from_this<Slot> {
  sd_event_source* source = nullptr;
  std::function<void(const void* detail)> call;

  Slot() = default;
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() { disconnect(); }
  void disconnect() { source = sd_event_source_disable_unref(source); }
};

}  // namespace dormouse::loop
