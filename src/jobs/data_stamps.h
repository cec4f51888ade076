// What the files of the evaluation data sets looked like when they were scored:
// WORK/tasks/eval/data_sets.json, an object of names and stamps, beside the results.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/work_dir.h"

namespace helip::jobs {

// The stamp of each data set by its name; eval/dataset_stamp.h makes stamps.
using DataStamps = std::map<std::string, std::string>;

// Returns what was noted; nothing if there is no such file or it is damaged.
std::optional<DataStamps> noted_stamps(const WorkDir& work_dir);
// Writes the file atomically. Throws StoreError.
void note_stamps(const WorkDir& work_dir, const DataStamps& stamps);

// Returns the names of the data sets of `now` whose stamp in `noted` is another one or missing.
std::vector<std::string> changed_data_sets(const DataStamps& noted, const DataStamps& now);

}  // namespace helip::jobs
