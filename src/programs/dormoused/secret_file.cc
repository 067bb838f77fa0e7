#include "programs/dormoused/secret_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dormouse::daemon {
namespace {

constexpr std::size_t kKeySize = 32, kIvSize = 12, kTagSize = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

std::string base64(ByteView data) {
  std::string out(4 * ((data.size() + 2) / 3) + 1, '\0');
  const int n =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), data.data(), static_cast<int>(data.size()));
  out.resize(static_cast<std::size_t>(n));
  return out;
}

Outcome<Bytes> unbase64(std::string_view text) {
  if (text.size() % 4 != 0 || text.empty()) return failure("is not base64");
  Bytes out(text.size() / 4 * 3);
  const int n =
      EVP_DecodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (n < 0) return failure("is not base64");
  for (std::size_t i = 0; i < 2 && text[text.size() - 1 - i] == '='; ++i) out.pop_back();
  return out;
}

Outcome<SecretBytes> read_key(int fd, const std::string& path) {
  struct stat st{};
  if (fstat(fd, &st) != 0) return failure(path + ": " + std::strerror(errno));
  if ((st.st_mode & 077) != 0)
    return failure(path + ": others may read it; make it mode 0600 (and treat its secrets as known)");
  SecretBytes key(kKeySize);
  if (read(fd, key.reveal_mutable().data(), kKeySize) != static_cast<ssize_t>(kKeySize) ||
      st.st_size != static_cast<off_t>(kKeySize))
    return failure(path + ": not a key of 32 octets; remove it to make a new one (ENC values must then be set anew)");
  return key;
}

}  // namespace

Outcome<SecretFile> SecretFile::open_existing(const std::string& state_dir, Rng& rng) {
  const std::string path = state_dir + "/config.key";
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failure(path + ": " + std::strerror(errno));
  auto key = read_key(fd, path);
  close(fd);
  if (!key) return std::unexpected(key.error());
  return SecretFile(std::move(*key), rng);
}

Outcome<SecretFile> SecretFile::open(const std::string& state_dir, Rng& rng) {
  const std::string path = state_dir + "/config.key";
  if (mkdir(state_dir.c_str(), 0700) != 0 && errno != EEXIST) return failure(state_dir + ": " + std::strerror(errno));
  if (access(path.c_str(), F_OK) == 0) return open_existing(state_dir, rng);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return failure(path + ": " + std::strerror(errno));
  SecretBytes key(kKeySize);
  rng.fill(key.reveal_mutable());
  const bool written = write(fd, key.reveal().data(), kKeySize) == static_cast<ssize_t>(kKeySize) && fsync(fd) == 0;
  close(fd);
  if (!written) return failure(path + ": " + std::strerror(errno));
  return SecretFile(std::move(key), rng);
}

SecretFile SecretFile::ephemeral(Rng& rng) {
  SecretBytes key(kKeySize);
  rng.fill(key.reveal_mutable());
  return {std::move(key), rng};
}

std::string SecretFile::encode(const SecretBytes& secret) {
  Bytes out(kIvSize + secret.size() + kTagSize);
  rng_->fill(MutableBytes(out).first(kIvSize));
  const Context ctx(EVP_CIPHER_CTX_new());
  int n = 0;
  std::uint8_t* body = out.data() + kIvSize;
  EVP_EncryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, key_.reveal().data(), out.data());
  EVP_EncryptUpdate(ctx.get(), body, &n, secret.reveal().data(), static_cast<int>(secret.size()));
  EVP_EncryptFinal_ex(ctx.get(), body + n, &n);
  EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_GET_TAG, kTagSize, body + secret.size());
  return base64(out);
}

Outcome<SecretBytes> SecretFile::decode(std::string_view text) const {
  auto raw = unbase64(text);
  if (!raw) return std::unexpected(raw.error());
  if (raw->size() < kIvSize + kTagSize) return failure("is too short");
  const std::size_t size = raw->size() - kIvSize - kTagSize;
  SecretBytes secret(size);
  const Context ctx(EVP_CIPHER_CTX_new());
  int n = 0;
  EVP_DecryptInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, key_.reveal().data(), raw->data());
  EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_GCM_SET_TAG, kTagSize, raw->data() + kIvSize + size);
  EVP_DecryptUpdate(ctx.get(), secret.reveal_mutable().data(), &n, raw->data() + kIvSize, static_cast<int>(size));
  std::uint8_t none[16];
  if (EVP_DecryptFinal_ex(ctx.get(), none, &n) != 1)
    return failure("was not made with this host's key; set the secret anew");
  return secret;
}

}  // namespace dormouse::daemon
