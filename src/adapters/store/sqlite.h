// SQLite as values: a database and its statements close themselves, failures are sentences.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace dormouse::store {

/// Why SQLite refused: what a caller decides by, beside the sentence.
enum class Trouble : std::uint8_t { none, damaged, full, other };

class Statement {
 public:
  Statement(sqlite3* db, std::string_view sql);
  /// Parameters count from 1. The octets are copied.
  void bind(int at, std::int64_t value);
  void bind(int at, std::string_view text);
  void bind(int at, ByteView octets);
  void bind_null(int at);
  /// Runs to the next row. False at the end and on an error; ok() tells which.
  [[nodiscard]] bool step();
  /// Runs a statement without rows, and makes it ready for the next use, also after a failure.
  [[nodiscard]] bool run();
  [[nodiscard]] bool ok() const { return ok_; }
  // Columns count from 0. A column of another type reads as 0 or empty.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Bytes octets(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* s) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> stmt_;
  bool ok_ = true;
};

class Database {
 public:
  /// Opens or makes the file, mode 0600, in WAL mode with synchronous=NORMAL: a commit survives kill -9 at once and a
  /// power cut from the next checkpoint on, and no cut leaves half of a commit.
  [[nodiscard]] static Outcome<Database> open(const std::string& path);

  /// Statements without rows, separated by semicolons.
  [[nodiscard]] Outcome<void> execute(const char* sql);
  [[nodiscard]] Statement prepare(std::string_view sql) const { return {db_.get(), sql}; }
  /// The last error, in words, with the file's name.
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] Trouble trouble() const;
  [[nodiscard]] sqlite3* raw() const { return db_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  std::string path_;
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace dormouse::store
