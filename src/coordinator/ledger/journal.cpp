#include "coordinator/ledger/journal.h"

#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"

namespace helip::coordinator {
namespace {

constexpr std::int64_t kSchemaVersion = 2;

constexpr const char* kSchema = "schema";
constexpr const char* kEpoch = "epoch";
constexpr const char* kDroppedFence = "dropped_fence";

// The table facts is laid out so in all versions.
constexpr const char* kTables = R"(
CREATE TABLE facts(key TEXT PRIMARY KEY, value TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tasks(
  id INTEGER PRIMARY KEY,
  stage TEXT NOT NULL,
  name TEXT NOT NULL,
  spec TEXT NOT NULL,
  units INTEGER NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('pending', 'leased', 'done', 'failed')),
  attempts INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  result_file TEXT NOT NULL,
  result_sha256 TEXT NOT NULL,
  result_bytes INTEGER NOT NULL,
  result TEXT NOT NULL,
  last_error TEXT NOT NULL,
  last_kind INTEGER NOT NULL,
  checksum TEXT NOT NULL,
  UNIQUE(stage, name));
)";

// Guards of the transitions: what a row is before.
constexpr const char* kLeaseFrom = "state='pending' AND fence<?8";
constexpr const char* kCompleteFrom = "state='leased' AND fence=?8";
constexpr const char* kPutBackFrom = "fence=?8";

// File systems where locks and shared memory may lie between hosts; WAL is not for them.
bool on_network(const std::filesystem::path& file) {
  constexpr std::array<std::uint32_t, 8> kNetwork = {0x6969U,     0x0BD00BD0U, 0x47504653U,
                                                     0xFF534D42U, 0xFE534D42U, 0x65735546U,
                                                     0x00C36400U, 0x19830326U};
  struct statfs info {};
  if (statfs(file.parent_path().c_str(), &info) != 0) return false;
  for (const std::uint32_t type : kNetwork) {
    if (static_cast<std::uint32_t>(info.f_type) == type) return true;
  }
  return false;
}

std::int64_t signed_number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::uint64_t number_from(const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) {
    throw DatabaseDamaged(
        {.what = "the ledger's database is damaged", .expected = "a number", .found = text});
  }
  return number;
}

// A page may hold other bytes than were written and look whole: each row says what it should be.
std::string checksum_of(const TaskRecord& task) {
  return sha256_hex(cat(rpc::number(task.id), "\n", name_of(task.stage), "\n", task.name, "\n",
                        task.spec, "\n", task.units, "\n", name_of(task.state), "\n", task.attempts,
                        "\n", rpc::number(task.fence), "\n", task.result.file, "\n",
                        task.result.sha256, "\n", task.result.bytes, "\n", task.result.result, "\n",
                        task.last_error, "\n", static_cast<int>(task.last_kind)));
}

std::string checksum_of(const std::string& key, const std::string& value) {
  return sha256_hex(cat(key, "\n", value));
}

jobs::Stage stage_from(const std::string& name) {
  if (const auto stage = jobs::find_stage(name)) return *stage;
  throw DatabaseDamaged({.what = "the ledger names an unknown stage", .found = name});
}

TaskState state_from(const std::string& name) {
  for (const TaskState state :
       {TaskState::kPending, TaskState::kLeased, TaskState::kDone, TaskState::kFailed}) {
    if (name_of(state) == name) return state;
  }
  throw DatabaseDamaged({.what = "the ledger names an unknown task state", .found = name});
}

rpc::FailureKind kind_from(std::int64_t value) {
  if (value < 0 || value > 2) {
    throw DatabaseDamaged(
        {.what = "the ledger names an unknown failure kind", .found = cat(value)});
  }
  return static_cast<rpc::FailureKind>(value);
}

[[noreturn]] void raise_divergence(const TaskRecord& task, const char* transition) {
  throw StoreError({.what = cat("the journal does not allow a transition (", transition, ")"),
                    .where = cat(name_of(task.stage), "/", task.name),
                    .found = cat("fence ", rpc::number(task.fence))});
}

}  // namespace

Journal::Journal(const std::filesystem::path& file) : database_(file) {
  // Before the first access: then WAL needs no shared memory, and no second process can open the
  // database.
  database_.execute("PRAGMA locking_mode=EXCLUSIVE");
  if (on_network(file)) {
    database_.execute("PRAGMA journal_mode=TRUNCATE");
    database_.execute("PRAGMA synchronous=EXTRA");
  } else {
    database_.execute("PRAGMA journal_mode=WAL");
    database_.execute("PRAGMA synchronous=FULL");
  }
  database_.execute("PRAGMA foreign_keys=ON");
  const std::string check = database_.value("PRAGMA integrity_check");
  if (check != "ok") {
    throw DatabaseDamaged(
        {.what = "the ledger's database is damaged", .where = file.string(), .found = check});
  }
  const std::string version = database_.value("PRAGMA user_version");
  Transaction transaction(database_);
  if (version == "0") {
    database_.execute(kTables);
    database_.execute(cat("PRAGMA user_version=", kSchemaVersion).c_str());
    set_fact(kSchema, cat(kSchemaVersion));
    set_fact(kEpoch, "0");
  } else {
    expect_version(file, version);
    std::vector<std::string> keys;
    for (Statement rows = database_.prepare("SELECT key FROM facts"); rows.step();) {
      keys.push_back(rows.text(0));
    }
    for (const std::string& key : keys) static_cast<void>(fact(key));
  }
  epoch_ = number_from(fact(kEpoch).value_or("")) + 1;
  set_fact(kEpoch, cat(epoch_));
  last_dropped_fence_ = Fence{number_from(fact(kDroppedFence).value_or("0"))};
  transaction.commit();

  const auto transition = [&](const char* from) {
    return database_.prepare(
        cat("UPDATE tasks SET state=?6, attempts=?7, fence=?8, result_file=?9, result_sha256=?10, "
            "result_bytes=?11, result=?12, last_error=?13, last_kind=?14, checksum=?15 "
            "WHERE id=?1 AND ",
            from));
  };
  lease_.emplace(transition(kLeaseFrom));
  complete_.emplace(transition(kCompleteFrom));
  put_back_.emplace(transition(kPutBackFrom));
}

void Journal::expect_version(const std::filesystem::path& file, const std::string& version) {
  const bool checked =
      database_.value("SELECT 1 FROM pragma_table_info('facts') WHERE name='checksum'") == "1";
  if (checked ? fact(kSchema) != version : version != "1") {
    throw DatabaseDamaged({.what = "the ledger's database is damaged",
                           .where = file.string(),
                           .expected = cat("schema ", fact(kSchema).value_or("")),
                           .found = cat("schema ", version)});
  }
  if (version == cat(kSchemaVersion)) return;
  throw StoreError({.what = "the ledger's database is of another version of the program",
                    .where = file.string(),
                    .expected = cat("schema ", kSchemaVersion),
                    .found = cat("schema ", version)});
}

std::vector<TaskRecord> Journal::tasks() {
  Statement rows = database_.prepare(
      "SELECT id, stage, name, spec, units, state, attempts, fence, result_file, result_sha256, "
      "result_bytes, result, last_error, last_kind, checksum FROM tasks ORDER BY id");
  std::vector<TaskRecord> tasks;
  while (rows.step()) {
    TaskRecord& task = tasks.emplace_back();
    task.id = TaskId{static_cast<std::uint64_t>(rows.integer(0))};
    task.stage = stage_from(rows.text(1));
    task.name = rows.text(2);
    task.spec = rows.text(3);
    task.units = static_cast<std::uint64_t>(rows.integer(4));
    task.state = state_from(rows.text(5));
    task.attempts = static_cast<std::uint32_t>(rows.integer(6));
    task.fence = Fence{static_cast<std::uint64_t>(rows.integer(7))};
    task.result.file = rows.text(8);
    task.result.sha256 = rows.text(9);
    task.result.bytes = static_cast<std::uint64_t>(rows.integer(10));
    task.result.result = rows.text(11);
    task.last_error = rows.text(12);
    task.last_kind = kind_from(rows.integer(13));
    if (checksum_of(task) != rows.text(14)) {
      throw DatabaseDamaged({.what = "the ledger's checksum of a task is wrong",
                             .where = cat(name_of(task.stage), "/", task.name)});
    }
    if (rpc::number(task.id) != tasks.size()) {
      throw DatabaseDamaged({.what = "the ledger lacks a task",
                             .expected = cat("id ", tasks.size()),
                             .found = cat("id ", rpc::number(task.id))});
    }
  }
  return tasks;
}

std::optional<std::string> Journal::fact(const std::string& key) {
  Statement query = database_.prepare("SELECT value, checksum FROM facts WHERE key = ?1");
  query.bind(1, key);
  if (!query.step()) return std::nullopt;
  std::string value = query.text(0);
  if (checksum_of(key, value) != query.text(1)) {
    throw DatabaseDamaged({.what = "the ledger's checksum of a fact is wrong", .where = key});
  }
  return value;
}

void Journal::set_fact(const std::string& key, const std::string& value) {
  database_.prepare("INSERT OR REPLACE INTO facts VALUES(?1, ?2, ?3)")
      .bind(1, key)
      .bind(2, value)
      .bind(3, checksum_of(key, value))
      .run();
}

int Journal::write(Statement& statement, const TaskRecord& task) {
  return statement.bind(1, signed_number(rpc::number(task.id)))
      .bind(6, name_of(task.state))
      .bind(7, task.attempts)
      .bind(8, signed_number(rpc::number(task.fence)))
      .bind(9, task.result.file)
      .bind(10, task.result.sha256)
      .bind(11, signed_number(task.result.bytes))
      .bind(12, task.result.result)
      .bind(13, task.last_error)
      .bind(14, static_cast<std::int64_t>(task.last_kind))
      .bind(15, checksum_of(task))
      .run();
}

void Journal::add(const std::vector<TaskRecord>& tasks) {
  Transaction transaction(database_);
  Statement insert = database_.prepare(
      "INSERT INTO tasks VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)");
  for (const TaskRecord& task : tasks) {
    insert.bind(2, name_of(task.stage))
        .bind(3, task.name)
        .bind(4, task.spec)
        .bind(5, signed_number(task.units));
    write(insert, task);
  }
  transaction.commit();
}

void Journal::drop_from(TaskId first) {
  const std::string rows = cat("FROM tasks WHERE id >= ", rpc::number(first));
  Transaction transaction(database_);
  const Fence fence{
      number_from(database_.value(cat("SELECT COALESCE(MAX(fence), 0) ", rows).c_str()))};
  const Fence last = std::max(fence, last_dropped_fence_);
  set_fact(kDroppedFence, cat(rpc::number(last)));
  database_.execute(cat("DELETE ", rows).c_str());
  transaction.commit();
  last_dropped_fence_ = last;
}

void Journal::lease(const TaskRecord& task) {
  TaskRecord row = task;
  row.state = TaskState::kLeased;
  if (write(*lease_, row) != 1) raise_divergence(task, "lease");
}

void Journal::complete(const TaskRecord& task) {
  TaskRecord row = task;
  row.state = TaskState::kDone;
  row.last_error.clear();
  if (write(*complete_, row) != 1) raise_divergence(task, "complete");
}

void Journal::put_back(const std::vector<TaskRecord>& tasks) {
  if (tasks.empty()) return;
  Transaction transaction(database_);
  for (const TaskRecord& task : tasks) {
    TaskRecord row = task;
    row.result = {};
    if (write(*put_back_, row) != 1) raise_divergence(task, "put back");
  }
  transaction.commit();
}

}  // namespace helip::coordinator
