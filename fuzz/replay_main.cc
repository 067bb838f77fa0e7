// Runs a fuzz target without libFuzzer, in every ordinary build: the files of a corpus as they are, then a fixed number
// of mutations of them that are the same on every machine. A target that finds something aborts.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kMutations = 20'000;
constexpr std::uint8_t kTelling[] = {0, 1, 2, 3, 4, 7, 8, 0x10, 0x20, 0x7f, 0x80, 0xfe, 0xff};

std::vector<Input> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_regular_file()) names.push_back(entry.path());
  std::sort(names.begin(), names.end());  // the order of a directory is not the same everywhere
  std::vector<Input> corpus;
  for (const auto& name : names) {
    std::ifstream in(name, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return corpus;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Input>& corpus) : corpus_(corpus) {}

  Input next() {
    Input input = corpus_[below(corpus_.size())];
    for (auto n = 1 + below(6); n > 0; --n) change(input);
    return input;
  }

 private:
  // Not std::uniform_int_distribution, whose results differ between libraries.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  std::uint8_t octet() { return static_cast<std::uint8_t>(random_()); }

  void change(Input& input) {
    if (input.empty()) return input.push_back(octet());
    const auto at = below(input.size());
    const auto here = input.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(6)) {
      case 0: input[at] = octet(); break;
      case 1: input[at] = kTelling[below(std::size(kTelling))]; break;
      case 2: input[at] = static_cast<std::uint8_t>(input[at] ^ (1u << below(8))); break;
      case 3: input.insert(here, octet()); break;
      case 4:
        input.erase(here, here + static_cast<std::ptrdiff_t>(1 + below(std::min<std::size_t>(8, input.size() - at))));
        break;
      default: splice(input, at); break;
    }
  }

  /// Ends the input as another one of the corpus ends.
  void splice(Input& input, std::size_t at) {
    const auto& other = corpus_[below(corpus_.size())];
    if (other.empty()) return;
    input.resize(at);
    input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(below(other.size())), other.end());
  }

  const std::vector<Input>& corpus_;
  std::mt19937_64 random_{1};
};

void run(const Input& input) { LLVMFuzzerTestOneInput(input.data(), input.size()); }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
    return 2;
  }
  const auto corpus = read_corpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s: no inputs\n", argv[1]);
    return 1;
  }
  for (const auto& input : corpus) run(input);
  Mutator mutator(corpus);
  for (std::size_t i = 0; i < kMutations; ++i) run(mutator.next());
  std::printf("%zu inputs, %zu mutations\n", corpus.size(), kMutations);
  return 0;
}
