// Result files: WORK/tasks/<stage>/<task>-<fence>-<first 16 digits of sha256>.<extension>. A file
// names its task and holds the task's result, so that a lost ledger can be rebuilt from the files,
// and nothing is committed that no hashed file says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "jobs/task.h"

namespace helip::jobs {

// Returns "safetensors" for ranges, which hold arrays, else "json".
std::string_view result_extension(const Task& task);

// Returns the name of the file of `task` that a worker writes under `fence`.
std::string result_name(const Task& task, std::uint64_t fence, std::string_view sha256);

// What a result file's name says of its attempt.
struct Attempt {
  std::uint64_t fence = 0;
  std::string digest_prefix;  // 16 digits
};
// Returns the attempt at `task` that a file's name tells; nothing if it is no result of `task`.
std::optional<Attempt> attempt_in(const std::string& name, const Task& task);

// Returns the content of the JSON file of a task that is no range. `result`: JSON.
std::string result_text(const Task& task, const std::string& result);
// Returns the same facts as metadata of a range's safetensors file.
std::map<std::string, std::string> result_metadata(const Task& task, const std::string& result);

// Returns the result that `file` holds, JSON of the stage's result struct. Throws StoreError naming
// the file if it is damaged or is of another task: of another name, configuration, corpus or model.
std::string read_result(const std::filesystem::path& file, const Task& task);
// Returns the same of a JSON file whose digest is known to be that of a committed result.
std::string read_committed_result(const std::filesystem::path& file);

}  // namespace helip::jobs
