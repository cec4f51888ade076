// The little of SQLite that the journal uses. One connection; not thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace helip::coordinator {

// Another process holds the database.
class DatabaseLocked : public StoreError {
 public:
  using StoreError::StoreError;
};

// The file is no database, its pages do not fit together, or its tables are not those of a ledger.
class DatabaseDamaged : public StoreError {
 public:
  using StoreError::StoreError;
};

class Statement {
 public:
  ~Statement();
  Statement(Statement&&) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  // Runs to the next row. Returns false if there is none left.
  bool step();
  // Runs to the end and resets for the next use. Returns the number of rows changed.
  int run();
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;

 private:
  friend class Database;
  Statement(sqlite3* database, std::string_view sql);
  [[noreturn]] void raise(const char* what) const;
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  // Opens or makes the file. All calls throw StoreError naming it and SQLite's reason, or one of
  // the two above.
  explicit Database(const std::filesystem::path& file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const char* sql);
  Statement prepare(std::string_view sql) { return {database_, sql}; }
  // Returns the text of a query's first value.
  std::string value(const char* sql);

 private:
  sqlite3* database_ = nullptr;
};

// One transaction. The destructor rolls it back unless it was committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {
    database_.execute("BEGIN IMMEDIATE");
  }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace helip::coordinator
