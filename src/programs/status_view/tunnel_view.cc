#include "programs/status_view/tunnel_view.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "programs/status_view/tunnel_facts.h"

namespace dormouse::status_view {
namespace {

constexpr const char* kRule = "------------------------------------------------------\n";

std::string direction(const char* name, const std::string& spi, const EspNames& esp) {
  return fmt::format("  {}: spi={} esp={} key={}\n       ah={} key={}\n", name, spi, esp.cipher, esp.key, esp.auth,
                     esp.auth_key);
}

std::string sa_lines(const Json& status, const Json& t, const Child& child) {
  const auto& [sa, c] = child;
  const auto& suite = object(sa, "suite");
  const auto esp = esp_names(suite);
  std::string out = fmt::format("  SA:  mtu={} expire={}/0B serial={}{}\n", number(t, "mtu"),
                                seconds_until(status, sa, "soft"), number(sa, "id"),
                                flag(sa, "replaced")   ? " replaced"
                                : flag(sa, "rekeying") ? " rekeying"
                                                       : "");
  out += fmt::format("       seqno={:x} esn={} replaywin_lastseq={:08x}\n", number(c, "seq_out") + 1,
                     flag(suite, "esn") ? 1 : 0, number(c, "seq_in_highest"));
  out += fmt::format("  life: type=01 bytes=0/0 timeout={}/{}\n", seconds_until(status, sa, "hard"),
                     seconds_between(sa, "created", "hard"));
  out += direction("dec", text(sa, "spi_in"), esp) + direction("enc", text(sa, "spi_out"), esp);
  out += fmt::format("  dec:pkts/bytes={}/{}, enc:pkts/bytes={}/{}\n", number(c, "packets_in"), number(c, "bytes_in"),
                     number(c, "packets_out"), number(c, "bytes_out"));
  const auto replayed = number(c, "replayed"), forged = number(c, "auth_failed"), outside = number(c, "ts_mismatch"),
             unsent = number(c, "send_errors");
  if (replayed + forged + outside + unsent != 0)
    out += fmt::format("  refused: replayed={} unauthentic={} outside-selector={} send-errors={}\n", replayed, forged,
                       outside, unsent);
  return out;
}

/// One phase 2 with all its Child SAs: FortiOS's sa=0 is down, 1 up, 2 in the middle of a rekey.
std::string proxy_block(const Json& status, const Json& t, const std::string& phase2) {
  std::vector<Child> mine;
  for (const auto& child : children_of(t))
    if (text(child.sa, "phase2") == phase2) mine.push_back(child);
  std::string out = fmt::format(
      "proxyid={} proto={} sa={}\n", phase2,
      mine.empty() || list(mine[0].sa, "local_ts").empty() ? 0 : number(list(mine[0].sa, "local_ts")[0], "protocol"),
      mine.size());
  if (mine.empty()) return out;
  for (const auto& ts : list(mine[0].sa, "local_ts")) out += "  src: " + selector_text(ts) + "\n";
  for (const auto& ts : list(mine[0].sa, "remote_ts")) out += "  dst: " + selector_text(ts) + "\n";
  for (const auto& child : mine) out += sa_lines(status, t, child);
  return out;
}

/// Dead peer detection's verdict in FortiOS's word where it has one.
std::string dpd_status(const Json& t) {
  const auto state = text(t, "state");
  return state == "up" ? "ok" : state;
}

std::string nat_line(const Json& t) {
  if (!is_encapsulated(t)) return "natt: mode=none draft=0 interval=0 remote_port=0\n";
  return fmt::format("natt: mode={} draft=0 interval={} remote_port={}\n",
                     flag(t, "local_behind_nat") ? "keepalive" : "silent", seconds(t, "nat_keepalive"),
                     number(object(object(t, "path"), "remote"), "port"));
}

std::string sleep_line(const Json& status, const Json& t) {
  const auto& c = object(t, "counters");
  if (!is_asleep(t) && number(t, "sleeps") == 0) return "";
  return fmt::format(
      "sleep: {}parked={} parked_sent={} dropped={} sleeps={} woken_by_address={} woken_by_ticket={} "
      "woken_by_login={}\n",
      is_asleep(t) ? sleep_text(status, t) + " " : "", number(c, "parked"), number(c, "parked_sent"),
      number(c, "dropped_asleep"), number(t, "sleeps"), number(t, "wakes_by_address"), number(t, "wakes_by_ticket"),
      number(t, "wakes_by_login"));
}

/// Seconds since a packet went that way, as FortiOS's ilast and olast.
std::int64_t idle(const Json& status, const Json& t, const char* key) {
  return seconds_since(status, object(t, "counters"), key);
}

std::string tunnel_block(const Json& status, const Json& t) {
  const auto& c = object(t, "counters");
  const bool dynamic = flag(t, "dynamic");
  const auto plane = text(status, "data_plane");
  const auto names = phase2_of(status, t);
  std::string out = fmt::format("name={} ver=2 serial={} {}->{} tun_id={} status={} dst_mtu={} dpd-link=on weight=1\n",
                                text(t, "name"), number(t, "id"), outer_end(t, "local"), outer_end(t, "remote"),
                                text(object(object(t, "path"), "remote"), "address"), text(t, "state"),
                                number(c, "path_mtu") != 0 ? number(c, "path_mtu") : number(t, "mtu"));
  out += fmt::format("bound_if={} lgwy=static/1 tun=intf mode={} encap={} device={}({}){}\n\n", number(t, "ifindex"),
                     dynamic ? "dial_inst/3" : "auto/1", is_encapsulated(t) ? "udp" : "none", text(t, "device_name"),
                     number(t, "device_ifindex"), plane.empty() ? "" : " data-plane=" + plane);
  if (dynamic) out += fmt::format("parent={} index={}\n", text(t, "phase1"), number(t, "index"));
  out += fmt::format("proxyid_num={} child_num=0 ilast={} olast={}\n", names.size(), idle(status, t, "last_in"),
                     idle(status, t, "last_out"));
  out += fmt::format("stat: rxp={} txp={} rxb={} txb={} rxe={} txe={}\n", number(c, "packets_in"),
                     number(c, "packets_out"), number(c, "bytes_in"), number(c, "bytes_out"), number(c, "errors_in"),
                     number(c, "errors_out"));
  out += sleep_line(status, t);
  out += fmt::format("dpd: mode={} on={} status={} idle={}ms retry={} count=0 seqno={}\n", text(t, "dpd_mode"),
                     text(t, "dpd_mode") == "disable" ? 0 : 1, dpd_status(t), milliseconds(t, "dpd_interval"),
                     number(t, "dpd_retrycount"), number(t, "dpd_seqno"));
  out += nat_line(t);
  for (const auto& name : names) out += proxy_block(status, t, name);
  return out;
}

/// A dialup phase 1 itself: no peer, no SA, only instances.
std::string parent_block(const Json& p) {
  return fmt::format(
      "name={} ver=2 tun=intf mode=dialup/2 bound_if={} status={}\n\nproxyid_num={} child_num={} up={} asleep={}\n",
      text(p, "name"), text(p, "interface"), flag(p, "has_policy") ? "ready" : "no-policy", list(p, "phase2").size(),
      number(p, "tunnels"), number(p, "up"), number(p, "asleep"));
}

}  // namespace

std::string tunnel_list(const Json& status, const std::string& name) {
  std::string out = name.empty() ? "list all ipsec tunnel in vd 0\n" : "list ipsec tunnel by names in vd 0\n";
  for (const auto& t : list(status, "tunnels"))
    if (is_chosen(t, name)) out += kRule + tunnel_block(status, t);
  for (const auto& p : list(status, "phase1"))
    if (flag(p, "dynamic") && (name.empty() || text(p, "name") == name)) out += kRule + parent_block(p);
  return out + "run_tally=0\n";
}

}  // namespace dormouse::status_view
