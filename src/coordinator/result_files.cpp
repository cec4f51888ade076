#include "coordinator/result_files.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "common/digest.h"
#include "common/error.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "store/safetensors.h"

namespace helip::coordinator {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Roles of paths that a task writes for later stages.
std::vector<fs::path> products(const rpc::TaskSpec& spec, const TaskRecord& task) {
  std::vector<fs::path> files;
  const auto add = [&](const char* role, const char* file) {
    if (const auto found = spec.paths.find(role); found != spec.paths.end()) {
      files.push_back(*file == '\0' ? fs::path(found->second) : fs::path(found->second) / file);
    }
  };
  switch (spec.stage) {
    case Stage::kIndex: {
      add("index", "location.txt");
      const auto result = nlohmann::json::parse(task.result.result, nullptr, false);
      if (result.is_object())
        files.push_back(fs::path(result.value("corpus", "")) / "manifest.json");
      break;
    }
    case Stage::kEncode:
      if (spec.kind != "merge") break;
      add("embeddings", "img_emb/img_emb_0.npy");
      add("embeddings", "text_emb/text_emb_0.npy");
      add("quarantine", "quarantine.npy");
      add("features", "image_features.npy");
      add("features", "text_features.npy");
      break;
    case Stage::kMine:
      if (spec.kind == "merge") add("hard_pairs", "manifest.json");
      break;
    case Stage::kTrain:
      add("model", "");
      break;
    case Stage::kEval:
      if (spec.kind == "merge") add("results_file", "");
      break;
    case Stage::kReport:
      files.push_back(fs::path(spec.path("work_dir")) / "report" / "index.html");
      break;
  }
  return files;
}

// The result JSON of a file that says it belongs to this task; nullopt if it belongs to another or
// is damaged.
std::optional<std::string> result_in(const fs::path& file, const rpc::TaskSpec& spec) {
  const std::string digest = sha256_hex(rpc::to_json(spec));
  const std::string name = cat(rpc::name_of(spec.stage), "/", spec.name);
  if (rpc::result_extension(spec) == "json") {
    const auto envelope = nlohmann::json::parse(read_text_file(file), nullptr, false);
    if (!envelope.is_object() || envelope.value("task", "") != name ||
        envelope.value("spec_sha256", "") != digest || !envelope.contains("result")) {
      return std::nullopt;
    }
    return envelope["result"].dump();
  }
  const auto tensors = store::SafetensorsFile::open(file);
  const auto& facts = tensors.metadata();
  const auto has = [&](const char* key, const std::string& value) {
    const auto found = facts.find(key);
    return found != facts.end() && found->second == value;
  };
  if (!has("task", name) || !has("spec_sha256", digest)) return std::nullopt;
  // What a range's result says beyond its file is only for people.
  return "{}";
}

}  // namespace

void check_completion(const rpc::CompleteRequest& request) {
  const auto refuse = [](const char* what) {
    throw rpc::RpcError(rpc::RpcCode::kInvalidArgument, {.what = what, .where = "CompleteTask"});
  };
  const bool hex = request.sha256.size() == 64 &&
                   request.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hex) refuse("sha256 is not 64 hex digits");
  constexpr std::size_t kLargestResult = 256 << 10;
  if (request.result.size() > kLargestResult) refuse("the result is larger than 256 KiB");
  if (!nlohmann::json::parse(request.result, nullptr, false).is_object()) {
    refuse("the result is not a JSON object");
  }
}

std::string check_result_file(const fs::path& file, const std::string& sha256,
                              std::uint64_t bytes) {
  constexpr int kTries = 6;
  for (int attempt = 0; !is_there(file); ++attempt) {
    if (attempt == kTries) return cat("the result file is missing: ", file.string());
    std::this_thread::sleep_for(std::chrono::milliseconds(30) * (1 << attempt));
  }
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error || size != bytes) {
    return cat("the result file has another size: ", file.string(), ", expected ", bytes,
               " bytes, found ", error ? error.message() : cat(size));
  }
  try {
    const std::string found = sha256_file(file);
    if (found == sha256) return {};
    return cat("the result file is damaged: ", file.string(), ", expected sha256 ", sha256,
               ", found ", found);
  } catch (const StoreError& problem) {
    return problem.what();
  }
}

std::string missing_result(const WorkDir& work_dir, const TaskRecord& task,
                           const rpc::TaskSpec& spec) {
  const fs::path file = work_dir.tasks(task.stage) / task.result.file;
  std::error_code error;
  if (fs::file_size(file, error) != task.result.bytes || error) {
    return cat("its result file is missing or was changed: ", file.string());
  }
  for (const fs::path& product : products(spec, task)) {
    if (!is_there(product)) return cat("its product is missing: ", product.string());
  }
  return {};
}

void remove_results(const WorkDir& work_dir, Stage stage) {
  const fs::path product = stage == Stage::kEval ? work_dir.results() : work_dir.report();
  for (const fs::path& path : {product, work_dir.tasks(stage)}) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) {
      throw StoreError({.what = "a former result cannot be removed",
                        .where = path.string(),
                        .found = error.message()});
    }
  }
}

FoundResults::FoundResults(const WorkDir& work_dir, Stage stage) : work_dir_(work_dir) {
  const fs::path folder = work_dir.tasks(stage);
  if (!is_there(folder)) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names_.push_back(entry.path().filename().string());
  }
  std::sort(names_.begin(), names_.end());
}

bool FoundResults::adopt(TaskRecord& task, const rpc::TaskSpec& spec) const {
  const std::string prefix = task.name + "-";
  const std::string suffix = cat(".", rpc::result_extension(spec));
  for (auto at = std::lower_bound(names_.begin(), names_.end(), prefix);
       at != names_.end() && at->starts_with(prefix); ++at) {
    const std::string& name = *at;
    if (!name.ends_with(suffix) || name.size() < prefix.size() + suffix.size()) continue;
    const fs::path file = work_dir_.tasks(task.stage) / name;
    // <task>-<fence>-<16 digits><suffix>
    std::uint64_t fence = 0;
    const char* begin = name.data() + prefix.size();
    const char* end = name.data() + name.size() - suffix.size();
    const auto parsed = std::from_chars(begin, end, fence);
    if (parsed.ec != std::errc() || end - parsed.ptr != 17 || *parsed.ptr != '-') continue;
    try {
      TaskRecord found = task;
      found.result.file = name;
      found.result.sha256 = sha256_file(file);
      found.result.bytes = fs::file_size(file);
      if (!found.result.sha256.starts_with(std::string_view(parsed.ptr + 1, 16))) continue;
      const auto result = result_in(file, spec);
      if (!result) continue;
      found.result.result = *result;
      found.fence = Fence{fence};
      found.state = TaskState::kDone;
      if (!missing_result(work_dir_, found, spec).empty()) continue;
      task = found;
      return true;
    } catch (const Error& error) {
      log::warning(cat("not taken over: ", error.what()));
    }
  }
  return false;
}

void sweep_results(const WorkDir& work_dir, const TaskLedger& ledger, Stage stage) {
  const fs::path folder = work_dir.tasks(stage);
  if (!is_there(folder)) return;
  std::set<std::string> named = {"merge-inputs.jsonl",
                                 work_dir.mining_task_size().filename().string()};
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
