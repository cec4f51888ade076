// The ledger's journal: WORK/coordinator/state.db (SQLite). Replaying it gives the ledger's state.
// One connection, EXCLUSIVE locking; WAL with synchronous=FULL, on network file systems TRUNCATE
// with synchronous=EXTRA. Leases' terms and heartbeats are not in it. Every call below is one
// durable transaction; it throws StoreError if it cannot be written, or if a row is not in the
// state that the transition starts from. Not thread-safe: the Job's lock covers it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/ledger/sqlite.h"
#include "coordinator/ledger/task_ledger.h"

namespace helip::coordinator {

class Journal {
 public:
  // Opens or makes the database and raises its epoch. Throws DatabaseLocked if another coordinator
  // holds it, DatabaseDamaged, or StoreError for another version of the program.
  explicit Journal(const std::filesystem::path& file);

  // Returns how often this database was opened: the coordinator's epoch. Workers that registered
  // under a former one must register again. (Training's epochs are another thing.)
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  // Returns all tasks, by id: 1, 2, … Throws DatabaseDamaged if one is missing or cannot be read.
  std::vector<TaskRecord> tasks();

  // Returns a fact about the job (training_digest, …); nothing if it was never set. Throws
  // DatabaseDamaged if the value is not what was set.
  std::optional<std::string> fact(const std::string& key);
  void set_fact(const std::string& key, const std::string& value);

  // Adds rows.
  void add(const std::vector<TaskRecord>& tasks);
  // Deletes the tasks from this id on. Their ids are given again, to tasks whose fences are above
  // last_dropped_fence().
  void drop_from(TaskId first);
  // Returns the highest fence of all tasks that were dropped.
  [[nodiscard]] Fence last_dropped_fence() const { return last_dropped_fence_; }
  // Turns pending into leased, under a fence higher than any before.
  void lease(const TaskRecord& task);
  // Turns leased, under this fence, into done.
  void complete(const TaskRecord& task);
  // Turns leased (or done, or failed) into pending or failed.
  void put_back(const std::vector<TaskRecord>& tasks);

 private:
  // Throws DatabaseDamaged, or StoreError for another version of the program.
  void expect_version(const std::filesystem::path& file, const std::string& version);
  // Binds the task's row, from its state on, and runs the statement. Returns how many rows changed.
  static int write(Statement& statement, const TaskRecord& task);

  Database database_;
  std::uint64_t epoch_ = 0;
  Fence last_dropped_fence_{};
  std::optional<Statement> lease_, complete_, put_back_;
};

}  // namespace helip::coordinator
