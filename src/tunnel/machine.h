// The life of a tunnel as one table: Connecting, Up, Asleep or gone. Everything that moves a tunnel goes through
// next_state(), so what is not a row here cannot happen. docs/tunnel-states.dot is printed from it.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace dormouse::tunnel {

enum class State : std::uint8_t { down, connecting, up, asleep, gone, count_ };
enum class Event : std::uint8_t {
  start,        ///< a static tunnel begins a login
  login,        ///< a login was authenticated and owns this tunnel (new, refreshed or adopted)
  peer_silent,  ///< dead peer detection or a request gave up on the peer, client-resume is on
  peer_lost,    ///< the same with client-resume off; for a static tunnel: it tries to come back
  peer_alive,   ///< an authenticated packet on the SAs it has
  sas_ended,    ///< the last IKE SA ended by its lifetime or by the peer's Delete
  window_over,  ///< client-resume-interval or the re-authentication deadline passed
  restored,     ///< the daemon started again and found the record of a tunnel
  flush,        ///< an administrator, the peer's Delete, or a changed configuration ends it
  count_,
};

struct Transition {
  State from;
  Event event;
  State to;
  const char* reason;
};

// Rows for instances of a dialup phase 1 and for static tunnels. A static tunnel is never gone: it goes down.
inline constexpr Transition kTransitions[] = {
    {State::down, Event::start, State::connecting, "a static tunnel logs in"},
    {State::down, Event::login, State::up, "the peer logged in"},
    {State::down, Event::restored, State::asleep, "the daemon was started again: its client may come back"},
    {State::connecting, Event::start, State::connecting, "the next attempt"},
    {State::connecting, Event::login, State::up, "the login was answered"},
    {State::connecting, Event::peer_alive, State::up, "woke by address: the old SAs answered first"},
    {State::connecting, Event::peer_lost, State::connecting, "still silent"},
    {State::connecting, Event::sas_ended, State::connecting, "the old SAs ended while it tried"},
    {State::connecting, Event::flush, State::down, "torn down"},
    {State::up, Event::login, State::up, "a further login of the same peer"},
    {State::up, Event::peer_alive, State::up, "it lives"},
    {State::up, Event::peer_silent, State::asleep, "client-resume: kept for the interval"},
    {State::up, Event::peer_lost, State::connecting, "static: come back by address or by login"},
    {State::up, Event::sas_ended, State::down, "nothing is left to keep"},
    {State::up, Event::flush, State::down, "torn down"},
    {State::asleep, Event::peer_alive, State::up, "wake by address"},
    {State::asleep, Event::login, State::up, "wake by login: adopted"},
    {State::asleep, Event::sas_ended, State::asleep, "a lifetime that passes in sleep ends the SA, not the tunnel"},
    {State::asleep, Event::window_over, State::down, "the client did not return in time"},
    {State::asleep, Event::flush, State::down, "torn down at once"},
    {State::down, Event::flush, State::gone, "an instance that is down does not exist"},
};

/// The row for (from, event), or null: not allowed.
[[nodiscard]] constexpr const Transition* find_transition(State from, Event event) {
  for (const auto& t : kTransitions)
    if (t.from == from && t.event == event) return &t;
  return nullptr;
}

namespace detail {
consteval bool unique_keys() {
  for (std::size_t i = 0; i < std::size(kTransitions); ++i)
    for (std::size_t j = i + 1; j < std::size(kTransitions); ++j)
      if (kTransitions[i].from == kTransitions[j].from && kTransitions[i].event == kTransitions[j].event) return false;
  return true;
}
consteval bool all_reachable() {
  std::array<bool, static_cast<std::size_t>(State::count_)> seen{};
  seen[static_cast<std::size_t>(State::down)] = true;
  for (std::size_t round = 0; round < seen.size(); ++round)
    for (const auto& t : kTransitions)
      if (seen[static_cast<std::size_t>(t.from)]) seen[static_cast<std::size_t>(t.to)] = true;
  for (const bool s : seen)
    if (!s) return false;
  return true;
}
consteval bool gone_is_final() {
  for (const auto& t : kTransitions)
    if (t.from == State::gone) return false;
  return true;
}
consteval bool every_event_used() {
  for (std::size_t e = 0; e < static_cast<std::size_t>(Event::count_); ++e) {
    bool used = false;
    for (const auto& t : kTransitions) used = used || t.event == static_cast<Event>(e);
    if (!used) return false;
  }
  return true;
}
}  // namespace detail
static_assert(detail::unique_keys() && detail::all_reachable() && detail::gone_is_final() &&
              detail::every_event_used());

[[nodiscard]] const char* name_of(State s);
[[nodiscard]] const char* name_of(Event e);
/// The table as a Graphviz graph.
[[nodiscard]] std::string states_as_dot();

}  // namespace dormouse::tunnel
