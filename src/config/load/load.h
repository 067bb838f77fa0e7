// From text to model: parse, check every attribute by its row, check what lies across objects, resolve every name. All
// errors are reported, each with its place; a text with an error gives no model.
#pragma once
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/lang/parser.h"
#include "config/model/model.h"

namespace dormouse::config {

/// Decodes the base64 part of an `ENC` value. Failure says why ("was not made with this host's key").
using DecodeSecret = std::function<Outcome<SecretBytes>(std::string_view base64)>;

/// What somebody who can read X.509 has to say about a PEM text: `attribute` is the one at fault.
struct PemFinding {
  bool warning = false;
  std::string attribute;
  std::string message;
};
/// Checks of what this folder cannot read; an empty one checks nothing.
struct CertificateChecks {
  std::function<std::vector<PemFinding>(const LocalCertificate&)> local;
  std::function<std::vector<PemFinding>(const AuthorityCertificate&)> authority;
  std::function<std::vector<PemFinding>(const RevocationList&)> revocation;
  std::function<bool(KeId)> has_group{};  ///< of key exchanges; not of PEM, but of the same library
};

struct Loaded {
  std::shared_ptr<const Model> model;
  Tree tree;                         ///< as written, with comments; nothing resolved, no defaults
  std::vector<Diagnostic> warnings;  ///< in the order of the text
};
/// Errors and warnings together, in the order of the text, if there is an error; the configuration otherwise.
[[nodiscard]] std::expected<Loaded, std::vector<Diagnostic>> load(std::string_view text, const DecodeSecret& decode,
                                                                  const CertificateChecks& checks = {});
/// The same for a tree that is there already (an administrator's candidate).
[[nodiscard]] std::expected<Loaded, std::vector<Diagnostic>> load(Tree tree, const DecodeSecret& decode,
                                                                  const CertificateChecks& checks = {});

/// Replaces every secret in clear by `ENC VALUE`, for saving and showing.
void seal_secrets(Tree& tree, const std::function<std::string(const SecretBytes&)>& encode);

}  // namespace dormouse::config
