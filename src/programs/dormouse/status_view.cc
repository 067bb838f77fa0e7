#include "programs/dormouse/status_view.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace dormouse::shell {
namespace {

using nlohmann::json;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr const char* kRule = "------------------------------------------------------\n";

std::int64_t number(const json& j, const char* key) {
  const auto it = j.find(key);
  return it != j.end() && it->is_number() ? it->get<std::int64_t>() : 0;
}
std::string text(const json& j, const char* key) {
  const auto it = j.find(key);
  return it != j.end() && it->is_string() ? it->get<std::string>() : "";
}
bool flag(const json& j, const char* key) {
  const auto it = j.find(key);
  return it != j.end() && it->is_boolean() && it->get<bool>();
}
const json& list(const json& j, const char* key) {
  static const json kNone = json::array();
  const auto it = j.find(key);
  return it != j.end() && it->is_array() ? *it : kNone;
}
const json& object(const json& j, const char* key) {
  static const json kNone = json::object();
  const auto it = j.find(key);
  return it != j.end() && it->is_object() ? *it : kNone;
}

std::int64_t ago(const json& status, std::int64_t then) {
  return then == 0 ? 0 : (number(status, "now") - then) / kSecond;
}
std::int64_t left(const json& status, std::int64_t then) {
  return std::max<std::int64_t>(0, (then - number(status, "now")) / kSecond);
}
std::string endpoint(const json& e) { return text(e, "address") + ":" + std::to_string(number(e, "port")); }
std::string address(const json& path, const char* side) { return text(object(path, side), "address"); }

bool chosen(const json& t, const std::string& name) {
  return name.empty() || text(t, "name") == name || text(t, "phase1") == name;
}

unsigned asleep_of(const json& status, const std::string& phase1) {
  for (const auto& p : list(status, "phase1"))
    if (text(p, "name") == phase1) return static_cast<unsigned>(number(p, "asleep"));
  return 0;
}

std::string sleep_lines(const json& status, const json& t) {
  std::string out;
  if (text(t, "state") == "asleep") {
    out += fmt::format("client-resume: asleep {}s, {}s left, {} asleep in {}\n", ago(status, number(t, "asleep_since")),
                       number(t, "sleep_left") / kSecond, asleep_of(status, text(t, "phase1")), text(t, "phase1"));
  } else if (text(t, "last_wake") != "none") {
    out += fmt::format("client-resume: last resumed by {} after {}s, {} sleeps\n", text(t, "last_wake"),
                       number(t, "last_sleep") / kSecond, number(t, "sleeps"));
  }
  if (t.contains("next") && t["next"].is_object())
    out += fmt::format("next: {} in {}s\n", text(t["next"], "reason"), left(status, number(t["next"], "at")));
  return out;
}

std::string sa_block(const json& status, const json& t, const json& sa) {
  std::string out = fmt::format("  id/spi: {} {}/{}\n", number(sa, "id"), text(sa, "spi_i"), text(sa, "spi_r"));
  out += fmt::format("  direction: {}\n", flag(sa, "initiator") ? "initiator" : "responder");
  const auto established = number(sa, "established");
  if (established != 0) {
    const auto took = (established - number(sa, "created")) / 1'000'000;
    out += fmt::format("  status: established {}-{}s ago = {}ms\n", ago(status, number(sa, "created")),
                       ago(status, established), took);
  } else {
    out += fmt::format("  status: connecting, state {}, started {}s ago\n", text(sa, "state"),
                       ago(status, number(sa, "created")));
  }
  out += fmt::format("  proposal: {}\n", text(object(sa, "suite"), "token"));
  out += fmt::format("  child: no\n  PPK: no\n  message-id sent/recv: {}/{}\n", number(sa, "next_request_out"),
                     number(sa, "next_request_in"));
  const auto life = (number(sa, "hard") - established) / kSecond;
  out += fmt::format("  lifetime/rekey: {}/{}\n", established ? life : 0, left(status, number(sa, "soft")));
  out += fmt::format("  DPD sent/recv: {:08x}/{:08x}\n", number(t, "dpd_sent"), number(t, "dpd_sent"));
  if (const auto peer = object(sa, "peer"); !peer.empty()) out += fmt::format("  peer-id: {}\n", text(peer, "text"));
  return out;
}

std::string range(const json& ts) {
  const auto port = number(ts, "first_port") == 0 && number(ts, "last_port") == 65535 ? 0 : number(ts, "first_port");
  return fmt::format("{}:{}-{}:{}", number(ts, "protocol"), text(ts, "first"), text(ts, "last"), port);
}

std::string child_block(const json& status, const json& t, const json& child, const json& c) {
  std::string out = fmt::format("proxyid={} proto=0 sa={} ref=2 serial={}\n", text(child, "phase2"),
                                flag(child, "replaced") ? 2 : 1, number(child, "id"));
  for (const auto& ts : list(child, "local_ts")) out += "  src: " + range(ts) + "\n";
  for (const auto& ts : list(child, "remote_ts")) out += "  dst: " + range(ts) + "\n";
  const auto suite = object(child, "suite");
  out += fmt::format("  SA:  ref=3 options=226 type=00 soft=0 mtu={} expire={}/0B replaywin=2048\n", number(t, "mtu"),
                     left(status, number(child, "soft")));
  out += fmt::format("       seqno={} esn={} replaywin_lastseq={:08x}\n", number(c, "seq_out") + 1,
                     flag(suite, "esn") ? 1 : 0, number(c, "seq_in_highest"));
  const auto whole = (number(child, "hard") - number(child, "created")) / kSecond;
  out += fmt::format("  life: type=01 bytes=0/0 timeout={}/{}\n", left(status, number(child, "hard")), whole);
  out += fmt::format("  dec: spi={} esp={}\n  enc: spi={} esp={}\n", text(child, "spi_in"), text(suite, "token"),
                     text(child, "spi_out"), text(suite, "token"));
  out += fmt::format("  dec:pkts/bytes={}/{}, enc:pkts/bytes={}/{}\n", number(c, "packets_in"), number(c, "bytes_in"),
                     number(c, "packets_out"), number(c, "bytes_out"));
  if (number(c, "replayed") + number(c, "auth_failed") + number(c, "ts_mismatch") != 0)
    out += fmt::format("  refused: replayed={} auth={} selector={}\n", number(c, "replayed"), number(c, "auth_failed"),
                       number(c, "ts_mismatch"));
  return out;
}

std::string tunnel_block(const json& status, const json& t) {
  const auto path = object(t, "path");
  const bool udp = text(path, "encap") == "udp";
  const auto port = [&](const char* side) { return udp ? number(object(path, side), "port") : 0; };
  const auto c = object(t, "counters");
  const bool dynamic = flag(t, "dynamic");
  std::string out =
      fmt::format("name={} ver=2 serial={} {}:{}->{}:{} tun_id={} status={} dst_mtu=1500 dpd-link=on weight=1\n",
                  text(t, "name"), number(t, "id"), address(path, "local"), port("local"), address(path, "remote"),
                  port("remote"), address(path, "remote"), text(t, "state"));
  out += fmt::format("bound_if={} lgwy=static/1 tun=intf mode={} encap={} device={}({})\n", number(t, "ifindex"),
                     dynamic ? "dial_inst/3" : "auto/1", udp ? "udp" : "none", text(t, "device_name"),
                     number(t, "device_ifindex"));
  if (dynamic) out += fmt::format("parent={} index={}\n", text(t, "phase1"), number(t, "index"));
  std::string children;
  std::size_t n = 0, at = 0;
  for (const auto& sa : list(t, "ike"))
    for (const auto& child : list(sa, "children")) {
      static const json kNone = json::object();
      const auto& counters = list(t, "child_counters");
      children += child_block(status, t, child, at < counters.size() ? counters[at] : kNone);
      ++at;
      ++n;
    }
  out += fmt::format("proxyid_num={} child_num=0\n", n);
  out += fmt::format("stat: rxp={} txp={} rxb={} txb={} rxe={} txe={}\n", number(c, "packets_in"),
                     number(c, "packets_out"), number(c, "bytes_in"), number(c, "bytes_out"), number(c, "errors_in"),
                     number(c, "errors_out"));
  if (text(t, "state") == "asleep" || number(c, "parked_sent") != 0)
    out += fmt::format("sleep: left={}s parked={} sent={} dropped={}\n", number(t, "sleep_left") / kSecond,
                       number(c, "parked"), number(c, "parked_sent"), number(c, "dropped_asleep"));
  out += fmt::format("dpd: mode={} on=1 status={} idle={}ms retry={} count=0 seqno={}\n", text(t, "dpd_mode"),
                     text(t, "state") == "up" ? "ok" : text(t, "state"), number(t, "dpd_interval") / 1'000'000,
                     number(t, "dpd_retrycount"), number(t, "dpd_seqno"));
  out += fmt::format("natt: mode={} draft=0 interval={} remote_port={}\n",
                     udp ? flag(t, "local_behind_nat") ? "keepalive" : "silent" : "none",
                     udp ? number(t, "nat_keepalive") / kSecond : 0, port("remote"));
  return out + children;
}

std::string gateway_block(const json& status, const json& t) {
  const auto path = object(t, "path");
  std::string out = fmt::format("\nvd: root/0\nname: {}\nversion: 2\ninterface: {} {}\n", text(t, "name"),
                                text(t, "interface"), number(t, "ifindex"));
  const auto& sas = list(t, "ike");
  const auto ike_path = sas.empty() ? json::object() : object(sas.front(), "path");
  const auto from = ike_path.empty() ? path : ike_path;
  out += fmt::format("addr: {} -> {}\n", endpoint(object(from, "local")), endpoint(object(from, "remote")));
  out += fmt::format("tun_id: {}\nstate: {}\ncreated: {}s ago\n", address(path, "remote"), text(t, "state"),
                     ago(status, number(t, "created")));
  if (number(t, "logged_in") != 0) out += fmt::format("logged in: {}s ago\n", ago(status, number(t, "logged_in")));
  if (const auto peer = object(t, "peer_id"); !peer.empty())
    out += fmt::format("peer-id: {}\npeer-id-auth: no\n", text(peer, "text"));
  if (flag(t, "local_behind_nat") || flag(t, "remote_behind_nat"))
    out += fmt::format("nat:{}{}\n", flag(t, "local_behind_nat") ? " me" : "",
                       flag(t, "remote_behind_nat") ? " peer" : "");
  const auto took = number(t, "ike_setup_time") / 1'000'000;
  std::size_t children = 0;
  for (const auto& sa : sas) children += list(sa, "children").size();
  out += fmt::format("IKE SA: created {}/{}  established {}/{}  time {}/{}/{} ms\n", sas.size(),
                     number(t, "ike_created"), sas.size(), number(t, "ike_established"), took, took, took);
  out += fmt::format("IPsec SA: created {}/{}  established {}/{}  time 0/0/0 ms\n", children,
                     number(t, "child_created"), children, number(t, "child_established"));
  out += sleep_lines(status, t);
  for (const auto& sa : sas) out += "\n" + sa_block(status, t, sa);
  return out;
}

}  // namespace

std::string gateway_list(const json& status, const std::string& name) {
  std::string out;
  for (const auto& t : list(status, "tunnels"))
    if (chosen(t, name)) out += gateway_block(status, t);
  return out;
}

std::string tunnel_list(const json& status, const std::string& name) {
  std::string out = name.empty() ? "list all ipsec tunnel in vd 0\n" : "list ipsec tunnel by names in vd 0\n";
  for (const auto& t : list(status, "tunnels"))
    if (chosen(t, name)) out += kRule + tunnel_block(status, t);
  return out + "run_tally=0\n";
}

std::string tunnel_summary(const json& status) {
  std::string out;
  for (const auto& t : list(status, "tunnels")) {
    const auto path = object(t, "path");
    const auto c = object(t, "counters");
    std::size_t total = 1, up = 0;
    for (const auto& p : list(status, "phase1"))
      if (text(p, "name") == text(t, "phase1")) total = std::max<std::size_t>(1, list(p, "phase2").size());
    for (const auto& sa : list(t, "ike"))
      for (const auto& child : list(sa, "children")) up += flag(child, "replaced") ? 0 : 1;
    const bool udp = text(path, "encap") == "udp";
    out += fmt::format("'{}' {}:{}  selectors(total,up): {}/{}  rx(pkt,err): {}/{}  tx(pkt,err): {}/{}",
                       text(t, "name"), address(path, "remote"), udp ? number(object(path, "remote"), "port") : 0,
                       total, std::min(up, total), number(c, "packets_in"), number(c, "errors_in"),
                       number(c, "packets_out"), number(c, "errors_out"));
    if (text(t, "state") == "asleep")
      out += fmt::format("  asleep, {}s left", number(t, "sleep_left") / kSecond);
    else if (text(t, "state") != "up")
      out += "  " + text(t, "state");
    out += "\n";
  }
  return out;
}

std::string ike_status(const json& status) {
  std::int64_t ike = 0, ike_all = 0, child = 0, child_all = 0;
  for (const auto& t : list(status, "tunnels")) {
    ike += static_cast<std::int64_t>(list(t, "ike").size());
    ike_all += number(t, "ike_established");
    for (const auto& sa : list(t, "ike")) child += static_cast<std::int64_t>(list(sa, "children").size());
    child_all += number(t, "child_established");
  }
  std::string out = fmt::format(
      "connection: {}\nIKE SA: created {}/{}\nIPsec SA: created {}/{}\nhalf-open: {}  cookies sent: {}\ndropped: "
      "unknown {} malformed {}\n",
      list(status, "tunnels").size(), ike, ike_all, child, child_all, number(status, "half_open"),
      number(status, "cookies_sent"), number(status, "dropped_unknown"), number(status, "dropped_malformed"));
  for (const auto& p : list(status, "phase1"))
    out += fmt::format(
        "{}: {} tunnels, {} up, {} asleep; logins {} refused {}; sleeps {} resumed by address {} by login {} expired "
        "{}\n",
        text(p, "name"), number(p, "tunnels"), number(p, "up"), number(p, "asleep"), number(p, "logins"),
        number(p, "logins_refused"), number(p, "sleeps"), number(p, "resumed_by_address"),
        number(p, "resumed_by_login"), number(p, "expired"));
  return out;
}

std::string tunnel_stats(const json& status) {
  std::int64_t fixed = 0, dynamic = 0, selectors = 0, up = 0, asleep = 0;
  for (const auto& t : list(status, "tunnels")) {
    ++(flag(t, "dynamic") ? dynamic : fixed);
    asleep += text(t, "state") == "asleep" ? 1 : 0;
    ++selectors;
    for (const auto& sa : list(t, "ike")) up += list(sa, "children").empty() ? 0 : 1;
  }
  return fmt::format(
      "tunnels\n  total: {}\n  static/ddns: {}\n  dynamic: {}\n  manual: 0\n  errors: 0\n  asleep: {}\nselectors\n  "
      "total: {}\n  up: {}\n",
      fixed + dynamic, fixed, dynamic, asleep, selectors, up);
}

}  // namespace dormouse::shell
