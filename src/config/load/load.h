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

struct Loaded {
  std::shared_ptr<const Model> model;
  Tree tree;                         ///< as written, with comments; nothing resolved, no defaults
  std::vector<Diagnostic> warnings;  ///< in the order of the text
};
/// Errors and warnings together, in the order of the text, if there is an error; the configuration otherwise.
[[nodiscard]] std::expected<Loaded, std::vector<Diagnostic>> load(std::string_view text, const DecodeSecret& decode);
/// The same for a tree that is there already (an administrator's candidate).
[[nodiscard]] std::expected<Loaded, std::vector<Diagnostic>> load(Tree tree, const DecodeSecret& decode);

/// Replaces every secret in clear by `ENC VALUE`, for saving and showing.
void seal_secrets(Tree& tree, const std::function<std::string(const SecretBytes&)>& encode);

}  // namespace dormouse::config
