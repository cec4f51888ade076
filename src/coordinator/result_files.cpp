#include "coordinator/result_files.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <system_error>
#include <thread>

#include "common/digest.h"
#include "common/error.h"
#include "common/log.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "jobs/result_file.h"

namespace helip::coordinator {
namespace {

namespace fs = std::filesystem;

// Throws StoreError unless the file is there with this digest and size.
void expect_file(const fs::path& file, const std::string& sha256, std::uint64_t bytes) {
  constexpr int kTries = 6;
  for (int attempt = 0; !is_there(file); ++attempt) {
    if (attempt == kTries) {
      throw StoreError({.what = "the result file is missing", .where = file.string()});
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30) * (1 << attempt));
  }
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error || size != bytes) {
    throw StoreError({.what = "the result file has another size",
                      .where = file.string(),
                      .expected = cat(bytes, " bytes"),
                      .found = error ? error.message() : cat(size)});
  }
  const std::string found = sha256_file(file);
  if (found == sha256) return;
  throw StoreError({.what = "the result file is damaged",
                    .where = file.string(),
                    .expected = cat("sha256 ", sha256),
                    .found = found});
}

}  // namespace

void check_completion(const rpc::CompleteRequest& request) {
  const bool hex = request.sha256.size() == 64 &&
                   request.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (hex) return;
  throw rpc::RpcError(rpc::RpcCode::kInvalidArgument,
                      {.what = "sha256 is not 64 hex digits", .where = "CompleteTask"});
}

std::string verified_result(const fs::path& file, const jobs::Task& task, const StageTasks& stage,
                            const std::string& sha256, std::uint64_t bytes) {
  expect_file(file, sha256, bytes);
  std::string result = jobs::read_result(file, task);
  stage.check_result(task, result);
  return result;
}

std::string missing_result(const jobs::WorkDir& work_dir, const StageTasks& stage,
                           const TaskRecord& record) {
  const fs::path file = work_dir.tasks(record.stage) / record.result.file;
  std::error_code error;
  if (fs::file_size(file, error) != record.result.bytes || error) {
    return cat("its result file is missing or was changed: ", file.string());
  }
  const jobs::Task task = task_of(record);
  try {
    stage.check_result(task, record.result.result);
    for (const fs::path& product : stage.products(task, record.result.result)) {
      if (!is_there(product)) return cat("its product is missing: ", product.string());
    }
  } catch (const StoreError& problem) {
    return cat("its result is damaged: ", problem.what());
  }
  return {};
}

void remove_results(const jobs::WorkDir& work_dir, const StageTasks& stage) {
  for (const fs::path& path : {stage.replaceable_output(), work_dir.tasks(stage.stage())}) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) {
      throw StoreError({.what = "a former result cannot be removed",
                        .where = path.string(),
                        .found = error.message()});
    }
  }
}

FoundResults::FoundResults(const jobs::WorkDir& work_dir, const StageTasks& stage)
    : work_dir_(work_dir), stage_(stage) {
  const fs::path folder = work_dir.tasks(stage.stage());
  if (!is_there(folder)) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names_.push_back(entry.path().filename().string());
  }
  std::sort(names_.begin(), names_.end());
}

bool FoundResults::adopt(TaskRecord& record, const jobs::Task& task) const {
  const std::string prefix = record.name + "-";
  for (auto at = std::lower_bound(names_.begin(), names_.end(), prefix);
       at != names_.end() && at->starts_with(prefix); ++at) {
    const auto attempt = jobs::attempt_in(*at, task);
    if (!attempt) continue;
    const fs::path file = work_dir_.tasks(record.stage) / *at;
    try {
      TaskRecord found = record;
      found.result.file = *at;
      found.result.sha256 = sha256_file(file);
      found.result.bytes = fs::file_size(file);
      if (!found.result.sha256.starts_with(attempt->digest_prefix)) {
        log::warning(cat("not taken over: the result file is damaged: ", file.string()));
        continue;
      }
      found.result.result = jobs::read_result(file, task);
      stage_.check_result(task, found.result.result);
      found.fence = Fence{attempt->fence};
      found.state = TaskState::kDone;
      const std::string missing = missing_result(work_dir_, stage_, found);
      if (!missing.empty()) {
        log::warning(cat("not taken over: ", label(record), ": ", missing));
        continue;
      }
      record = found;
      return true;
    } catch (const Error& error) {
      log::warning(cat("not taken over: ", error.what()));
    }
  }
  return false;
}

void sweep_results(const jobs::WorkDir& work_dir, const TaskLedger& ledger, Stage stage) {
  const fs::path folder = work_dir.tasks(stage);
  if (!is_there(folder)) return;
  std::set<std::string> named = {work_dir.merge_inputs(stage).filename().string(),
                                 work_dir.mining_task_size().filename().string(),
                                 work_dir.data_stamps().filename().string()};
  for (const TaskId id : ledger.of_stage(stage)) named.insert(ledger.task(id).result.file);
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (named.contains(entry.path().filename().string())) continue;
    fs::remove(entry.path(), ignored);
  }
}

fs::path set_damaged_aside(const fs::path& database) {
  for (int i = 1;; ++i) {
    const fs::path aside = database.string() + cat(".damaged-", i);
    if (is_there(aside)) continue;
    fs::rename(database, aside);
    std::error_code ignored;
    for (const char* suffix : {"-wal", "-shm", "-journal"}) {
      fs::rename(database.string() + suffix, aside.string() + suffix, ignored);
    }
    return aside;
  }
}

}  // namespace helip::coordinator
