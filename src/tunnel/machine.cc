#include "tunnel/machine.h"

namespace dormouse::tunnel {

const char* name_of(State s) {
  switch (s) {
    case State::down: return "down";
    case State::connecting: return "connecting";
    case State::up: return "up";
    case State::asleep: return "asleep";
    case State::gone: return "gone";
    case State::count_: break;
  }
  return "?";
}

const char* name_of(Event e) {
  switch (e) {
    case Event::start: return "start";
    case Event::login: return "login";
    case Event::peer_silent: return "peer_silent";
    case Event::peer_lost: return "peer_lost";
    case Event::peer_alive: return "peer_alive";
    case Event::sas_ended: return "sas_ended";
    case Event::window_over: return "window_over";
    case Event::restored: return "restored";
    case Event::flush: return "flush";
    case Event::count_: break;
  }
  return "?";
}

std::string states_as_dot() {
  std::string out = "digraph tunnel {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n";
  for (const auto& t : kTransitions)
    out += std::string("  ") + name_of(t.from) + " -> " + name_of(t.to) + " [label=\"" + name_of(t.event) + "\\n" +
           t.reason + "\"];\n";
  return out + "}\n";
}

}  // namespace dormouse::tunnel
