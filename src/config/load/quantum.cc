// What is for quantum computers to come: key exchanges beside the first (RFC 9370), post-quantum preshared keys (RFC
// 8784).
#include <algorithm>
#include <cstdlib>

#include "base/limits.h"
#include "config/load/builder.h"

namespace dormouse::config {
namespace {

using Additional = std::array<KeId, kAdditionalExchanges>;

std::string addke(std::size_t i) { return "addke" + std::to_string(i + 1); }

/// RFC 9370 2.2.1: none twice, but for NONE.
bool has_doubles(const Additional& a) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != KeId::none && std::find(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(i), a[i]) !=
                                  a.begin() + static_cast<std::ptrdiff_t>(i))
      return true;
  return false;
}

}  // namespace

/// Every combination of the lists addke1 to addke7, the earlier ones first; those with any before the one with none, so
/// that a peer that can do more does more.
std::vector<Additional> Builder::additional(const EntryReader& e) {
  std::vector<Additional> out{Additional{}};
  for (std::size_t i = 0; i < kAdditionalExchanges; ++i) {
    const auto groups = read_groups(e, addke(i));
    if (groups.empty()) continue;
    std::vector<Additional> next;
    for (auto a : out)
      for (const auto g : groups) {
        a[i] = g;
        next.push_back(a);
      }
    if (next.size() > limits::kMaxSuites) {
      error(e, addke(i), "too many combinations of key exchanges", "shorter lists");
      return {Additional{}};
    }
    out = std::move(next);
  }
  std::erase_if(out, has_doubles);
  if (out.empty()) error(e, "addke1", "every combination names a key exchange twice", "different ones in each list");
  std::ranges::stable_partition(
      out, [](const Additional& a) { return std::ranges::any_of(a, [](KeId g) { return g != KeId::none; }); });
  return out;
}

/// The groups of a list; those that the engine of cryptography lacks are errors.
std::vector<KeId> Builder::read_groups(const EntryReader& e, std::string_view attribute) {
  std::vector<KeId> out;
  for (const auto& text : e.list(attribute)) {
    const auto group = static_cast<KeId>(std::strtoul(text.c_str(), nullptr, 10));
    if (is_kem(group) && checks_.has_group && !checks_.has_group(group)) {
      error(e, attribute, "group " + text + " (ML-KEM) needs OpenSSL 3.5 or newer, and this host has an older one",
            "another group, or a newer OpenSSL");
      continue;
    }
    out.push_back(group);
  }
  return out;
}

void Builder::phase1_quantum(const EntryReader& e, Phase1& p) {
  p.ppk = e.is("ppk", "allow") ? PpkMode::allow : e.is("ppk", "require") ? PpkMode::require : PpkMode::disable;
  if (p.ppk != PpkMode::disable) {
    p.ppk_identity = e.text("ppk-identity");
    p.ppk_secret = ppk_secret(e);
  }
  const auto large = [](KeId g) { return g == KeId::ml_kem_768 || g == KeId::ml_kem_1024; };
  if (std::ranges::any_of(p.suites, [&](const Suite& s) { return large(s.ke); }))
    warn(e, "dhgrp",
         "its key does not fit into one packet, and the first message cannot travel in pieces; name it in "
         "addke1, and a small group here");
  if (!p.fragmentation &&
      std::ranges::any_of(p.suites, [&](const Suite& s) { return std::ranges::any_of(s.addke, large); }))
    warn(e, "fragmentation", "a key of ML-KEM does not fit into one packet, and networks drop what IP has to cut up");
}

Secret Builder::ppk_secret(const EntryReader& e) {
  auto text = secret(e, "ppk-secret");
  if (!text) return nullptr;
  const auto octets = text->reveal();
  const std::string_view chars(reinterpret_cast<const char*>(octets.data()), octets.size());
  if (chars.starts_with("0x")) text = std::make_shared<const SecretBytes>(from_hex(chars.substr(2)));
  if (text->size() < 32)
    warn(e, "ppk-secret", "a post-quantum preshared key wants 256 random bits: 32 octets in hex, or more characters");
  return text;
}

}  // namespace dormouse::config
