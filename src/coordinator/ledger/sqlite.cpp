#include "coordinator/ledger/sqlite.h"

#include <sqlite3.h>
#include <unistd.h>

#include <utility>

namespace helip::coordinator {
namespace {

[[noreturn]] void raise_error(sqlite3* database, const char* what) {
  const char* file = sqlite3_db_filename(database, "main");
  const Problem problem{
      .what = what, .where = file != nullptr ? file : "", .found = sqlite3_errmsg(database)};
  switch (sqlite3_errcode(database) & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw DatabaseLocked(problem);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // a table is missing or is there twice, or a format that no SQLite writes
      throw DatabaseDamaged(problem);
    case SQLITE_READONLY:
      // A file that may be written is read-only if its header says so.
      if (sqlite3_extended_errcode(database) == SQLITE_READONLY && access(file, W_OK) == 0) {
        throw DatabaseDamaged(problem);
      }
      [[fallthrough]];
    default:
      throw StoreError(problem);
  }
}

}  // namespace

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
  if (sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) != SQLITE_OK) {
    raise("the ledger's database refuses a statement");
  }
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

void Statement::raise(const char* what) const { raise_error(database_, what); }

Statement& Statement::bind(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_, index, value) != SQLITE_OK) raise("cannot bind a value");
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  if (sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8) != SQLITE_OK) {
    raise("cannot bind a text");
  }
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  raise("the ledger's database failed");
}

int Statement::run() {
  try {
    while (step()) {
    }
  } catch (...) {
    sqlite3_reset(statement_);
    throw;
  }
  sqlite3_reset(statement_);
  return sqlite3_changes(database_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  const int bytes = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string() : std::string(data, static_cast<std::size_t>(bytes));
}

Database::Database(const std::filesystem::path& file) {
  const int result =
      sqlite3_open_v2(file.c_str(), &database_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (result == SQLITE_OK) return;
  const std::string reason = sqlite3_errstr(result);
  sqlite3_close(database_);
  throw StoreError(
      {.what = "cannot open the ledger's database", .where = file.string(), .found = reason});
}

Database::~Database() { sqlite3_close(database_); }

void Database::execute(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    raise_error(database_, "the ledger's database failed");
  }
}

std::string Database::value(const char* sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.text(0) : std::string();
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const StoreError&) {
    // SQLite rolls back by itself after some errors; the error that brought us here is the one to
    // report.
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace helip::coordinator
