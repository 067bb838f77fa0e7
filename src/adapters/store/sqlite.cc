#include "adapters/store/sqlite.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dormouse::store {

Statement::Statement(sqlite3* db, std::string_view sql) {
  sqlite3_stmt* made = nullptr;
  ok_ = sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &made, nullptr) == SQLITE_OK;
  stmt_.reset(made);
}

void Statement::Finalize::operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }

void Statement::bind(int at, std::int64_t value) {
  ok_ = ok_ && sqlite3_bind_int64(stmt_.get(), at, value) == SQLITE_OK;
}

void Statement::bind(int at, std::string_view text) {
  ok_ = ok_ && sqlite3_bind_text64(stmt_.get(), at, text.empty() ? "" : text.data(), text.size(), SQLITE_TRANSIENT,
                                   SQLITE_UTF8) == SQLITE_OK;
}

void Statement::bind(int at, ByteView octets) {
  // A null pointer would bind NULL; no octets are not NULL.
  static constexpr std::uint8_t kNone = 0;
  ok_ = ok_ && sqlite3_bind_blob64(stmt_.get(), at, octets.empty() ? &kNone : octets.data(), octets.size(),
                                   SQLITE_TRANSIENT) == SQLITE_OK;
}

void Statement::bind_null(int at) { ok_ = ok_ && sqlite3_bind_null(stmt_.get(), at) == SQLITE_OK; }

bool Statement::step() {
  if (!ok_) return false;
  const int code = sqlite3_step(stmt_.get());
  ok_ = code == SQLITE_ROW || code == SQLITE_DONE;
  return code == SQLITE_ROW;
}

bool Statement::run() {
  while (step()) {
  }
  if (!stmt_) return false;
  const bool done = ok_;
  sqlite3_reset(stmt_.get());
  ok_ = true;
  return done;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(stmt_.get(), column); }

std::string Statement::text(int column) const {
  const auto* p = sqlite3_column_text(stmt_.get(), column);
  const auto n = static_cast<std::size_t>(sqlite3_column_bytes(stmt_.get(), column));
  return p ? std::string(reinterpret_cast<const char*>(p), n) : std::string();
}

Bytes Statement::octets(int column) const {
  const auto* p = static_cast<const std::uint8_t*>(sqlite3_column_blob(stmt_.get(), column));
  const auto n = static_cast<std::size_t>(sqlite3_column_bytes(stmt_.get(), column));
  return p ? Bytes(p, p + n) : Bytes();
}

bool Statement::is_null(int column) const { return sqlite3_column_type(stmt_.get(), column) == SQLITE_NULL; }

void Database::Close::operator()(sqlite3* db) const { sqlite3_close(db); }

Outcome<Database> Database::open(const std::string& path) {
  // Made here first: SQLite would make it as the umask allows, and its -wal and -shm take the mode of the file.
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failure(path + ": " + std::strerror(errno));
  const bool private_now = fchmod(fd, 0600) == 0;
  close(fd);
  if (!private_now) return failure(path + ": " + std::strerror(errno));
  Database out;
  out.path_ = path;
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  out.db_.reset(db);
  if (code != SQLITE_OK) return failure(path + ": " + (db ? sqlite3_errmsg(db) : sqlite3_errstr(code)));
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, 300);
  return out;
}

Outcome<void> Database::execute(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failure(problem());
  return {};
}

std::string Database::problem() const { return path_ + ": " + sqlite3_errmsg(db_.get()); }

Trouble Database::trouble() const {
  switch (sqlite3_errcode(db_.get()) & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return Trouble::none;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Trouble::damaged;
    case SQLITE_FULL: return Trouble::full;
    default: return Trouble::other;
  }
}

}  // namespace dormouse::store
