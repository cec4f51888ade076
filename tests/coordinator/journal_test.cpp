#include "coordinator/ledger/journal.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "common/error.h"
#include "common/rng.h"
#include "common/text.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::coordinator;
namespace fs = std::filesystem;

namespace {

TimePoint at(std::int64_t second) { return TimePoint(std::chrono::seconds(second)); }

// What a crash leaves: the files as they are now. `cp` is another process: closing a file here
// would drop SQLite's locks.
fs::path snapshot(const fs::path& database, const fs::path& folder) {
  fs::create_directories(folder);
  const std::string command = cat("cp ", database.string(), "* ", folder.string(), "/ 2>/dev/null");
  REQUIRE(std::system(command.c_str()) == 0);
  return folder / database.filename();
}

std::vector<TaskRecord> replay(const fs::path& database) { return Journal(database).tasks(); }

ResultRecord result(const std::string& digest) {
  ResultRecord made;
  made.file = "range-1-" + digest;
  made.sha256 = digest;
  made.bytes = 12;
  made.result = R"({"samples":3})";
  return made;
}

}  // namespace

TEST_CASE("replaying the journal gives the ledger, whatever write a crash comes after") {
  const test::TemporaryFolder folder;
  const fs::path database = folder.path() / "state.db";
  RandomStream random(7, "journal test", {});
  LedgerOptions options;
  options.max_attempts = 3;
  TaskLedger ledger(options);
  Journal journal(database);
  std::vector<TaskRecord> added;
  for (int i = 0; i < 4; ++i) {
    added.push_back(ledger.task(ledger.add(Stage::kEncode, cat("range-", i), "{}", 5)));
  }
  journal.add(added);

  for (int event = 0; event < 40; ++event) {
    const TaskId id{random.below(4) + 1};
    const Fence fence = ledger.task(id).fence;
    switch (random.below(4)) {
      case 0:
      case 1:
        if (const auto leased = ledger.lease(WorkerId{1}, Stage::kEncode, at(event))) {
          journal.lease(ledger.task(*leased));
        }
        break;
      case 2:
        if (ledger.complete(id, fence, result("aa")) == LeaseOutcome::kOk) {
          journal.complete(ledger.task(id));
        }
        break;
      case 3:
        if (ledger.fail(id, fence, "boom: 'quoted'", rpc::FailureKind::kTransient) ==
            LeaseOutcome::kOk) {
          journal.put_back({ledger.task(id)});
        }
        break;
    }
    const fs::path copy = snapshot(database, folder.path() / cat("copy-", event));
    INFO("after event " << event);
    REQUIRE(replay(copy) == ledger.tasks());
  }
}

TEST_CASE("each open raises the epoch; facts stay") {
  const test::TemporaryFolder folder;
  const fs::path database = folder.path() / "state.db";
  {
    Journal journal(database);
    CHECK(journal.epoch() == 1);
    CHECK_FALSE(journal.fact("config_digest"));
    journal.set_fact("config_digest", "abc");
    journal.set_fact("config_digest", "def");
  }
  Journal journal(database);
  CHECK(journal.epoch() == 2);
  CHECK(journal.fact("config_digest") == "def");
}

TEST_CASE("a transition that the rows do not allow is refused and changes nothing") {
  const test::TemporaryFolder folder;
  const fs::path database = folder.path() / "state.db";
  TaskLedger ledger({});
  Journal journal(database);
  const TaskId id = ledger.add(Stage::kMine, "range-0", "{}", 1);
  journal.add({ledger.task(id)});
  TaskRecord task = ledger.task(id);

  task.fence = Fence{1};
  CHECK_THROWS_AS(journal.complete(task), StoreError);  // not leased
  journal.lease(task);
  CHECK_THROWS_AS(journal.lease(task), StoreError);  // leased already
  task.fence = Fence{2};
  CHECK_THROWS_AS(journal.complete(task), StoreError);  // another fence holds it
  CHECK(journal.tasks().front().state == TaskState::kLeased);
  CHECK(journal.tasks().front().fence == Fence{1});
  CHECK_THROWS_AS(journal.add({ledger.task(id)}), StoreError);  // there already
}

TEST_CASE("a second coordinator on one database is refused") {
  const test::TemporaryFolder folder;
  const Journal journal(folder.path() / "state.db");
  CHECK_THROWS_AS(Journal(folder.path() / "state.db"), DatabaseLocked);
}

TEST_CASE("damage is told from a lock, and a newer schema from damage") {
  const test::TemporaryFolder folder;
  const fs::path database = folder.path() / "state.db";
  SECTION("not a database") {
    std::ofstream(database) << std::string(8192, 'x');
    CHECK_THROWS_AS(Journal(database), DatabaseDamaged);
  }
  SECTION("a page overwritten") {
    {
      Journal journal(database);
      TaskLedger ledger({});
      std::vector<TaskRecord> tasks;
      for (int i = 0; i < 200; ++i) {
        tasks.push_back(
            ledger.task(ledger.add(Stage::kMine, cat("range-", i), std::string(100, 's'), 1)));
      }
      journal.add(tasks);
    }
    std::fstream file(database, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 + 1);
    file << std::string(4000, '\xA5');
    file.close();
    CHECK_THROWS_AS(Journal(database), DatabaseDamaged);
  }
  SECTION("a newer schema") {
    {
      Journal journal(database);
      journal.set_fact("schema", "99");
    }
    Database(database).execute("PRAGMA user_version=99");
    CHECK_THROWS_WITH(Journal(database), Catch::Contains("schema 99"));
  }
  SECTION("an older schema") {
    Database(database).execute(
        "CREATE TABLE facts(key TEXT PRIMARY KEY, value TEXT NOT NULL); PRAGMA user_version=1");
    CHECK_THROWS_WITH(Journal(database), Catch::Contains("found schema 1"));
  }
}

TEST_CASE("no byte of the header and no text of a row can be damaged unseen") {
  const test::TemporaryFolder folder;
  const fs::path intact = folder.path() / "intact.db";
  const fs::path database = folder.path() / "state.db";
  {
    Journal journal(intact);
    TaskLedger ledger({});
    journal.add({ledger.task(ledger.add(Stage::kMine, "range-0", "{}", 1))});
    journal.set_fact("work_dir", "/work");
  }
  const auto copy_intact = [&] {
    for (const char* suffix : {"-wal", "-shm", "-journal"}) fs::remove(database.string() + suffix);
    fs::copy_file(intact, database, fs::copy_options::overwrite_existing);
  };
  SECTION("the 100 bytes of SQLite's header") {
    for (int byte = 0; byte < 100; ++byte) {
      for (const char value : {'\0', '\1', '\2', '\3', '\x7F', '\xFF'}) {
        CAPTURE(byte, static_cast<int>(value));
        copy_intact();
        std::fstream file(database, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(byte);
        file.put(value);
        file.close();
        try {
          Journal journal(database);
          CHECK(journal.tasks().size() == 1);  // SQLite has no use for this byte
          CHECK(journal.fact("work_dir") == "/work");
        } catch (const DatabaseDamaged&) {
        } catch (const StoreError& error) {
          FAIL(error.what());
        }
      }
    }
  }
  SECTION("texts of rows") {
    const char* damage = GENERATE(
        "UPDATE tasks SET id = 2", "UPDATE tasks SET stage = 'mime'", "UPDATE tasks SET stage = ''",
        "UPDATE tasks SET units = 2", "UPDATE tasks SET state = 'failed'",
        "UPDATE tasks SET attempts = 1", "UPDATE tasks SET fence = 7",
        "UPDATE tasks SET result = '{}'", "UPDATE tasks SET result_sha256 = '0'",
        "UPDATE tasks SET last_kind = 1", "DROP TABLE tasks", "ALTER TABLE tasks DROP COLUMN spec",
        "UPDATE facts SET value = 'x' WHERE key = 'epoch'",
        "UPDATE facts SET value = '/other' WHERE key = 'work_dir'",
        "UPDATE facts SET key = 'work_dis' WHERE key = 'work_dir'",
        "INSERT INTO facts VALUES('dropped_fence', '1', 'x')", "DELETE FROM facts",
        "DROP TABLE facts");
    CAPTURE(damage);
    copy_intact();
    Database(database).execute(damage);
    const auto read = [&] {
      Journal journal(database);
      journal.tasks();
    };
    CHECK_THROWS_AS(read(), DatabaseDamaged);
  }
}

TEST_CASE("dropped tasks are gone, and their ids come again with higher fences") {
  const test::TemporaryFolder folder;
  const fs::path database = folder.path() / "state.db";
  TaskLedger ledger({});
  std::vector<TaskRecord> added;
  for (int i = 0; i < 3; ++i)
    added.push_back(ledger.task(ledger.add(Stage::kEval, cat(i), "{}", 1)));
  {
    Journal journal(database);
    CHECK(rpc::number(journal.last_dropped_fence()) == 0);
    journal.add(added);
    for (int grant = 0; grant < 4; ++grant) {
      const TaskId id = *ledger.lease(WorkerId{1}, Stage::kEval, at(0));
      journal.lease(ledger.task(id));
      ledger.release(id, ledger.task(id).fence);
      journal.put_back({ledger.task(id)});
    }
    // Only the last task is dropped: the first keeps the fences that it was granted under.
    journal.drop_from(TaskId{3});
    CHECK(rpc::number(journal.last_dropped_fence()) == 0);
    journal.drop_from(TaskId{1});
  }
  Journal journal(database);
  CHECK(journal.tasks().empty());
  CHECK(rpc::number(journal.last_dropped_fence()) == 4);
  TaskLedger again({});
  again.start_above(journal.last_dropped_fence());
  const TaskId id = again.add(Stage::kEval, "0", "{}", 1);
  journal.add({again.task(id)});
  again.lease(WorkerId{1}, Stage::kEval, at(0));
  CHECK(rpc::number(again.task(id).fence) == 5);
  journal.lease(again.task(id));
}
