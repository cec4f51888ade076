#include "eval/dataset_stamp.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "data/corpus/file_stamp.h"
#include "eval/eval_dataset.h"

namespace helip::eval {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  try {
    for (const auto& entry : fs::recursive_directory_iterator(
             folder, fs::directory_options::follow_directory_symlink)) {
      if (!entry.is_directory()) files.push_back(entry.path());
    }
  } catch (const fs::filesystem_error& error) {
    throw DataError({.what = "the files of a data set cannot be listed",
                     .where = folder.string(),
                     .found = error.code().message()});
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::string dataset_stamp(const config::EvalDataset& dataset) {
  const fs::path folder(dataset.path);
  std::vector<fs::path> files;
  for (const std::string_view name : {kClassNamesFile, kTemplatesFile}) {
    if (is_there(folder / name)) files.push_back(folder / name);
  }
  const std::vector<std::string> learned = probe_splits(dataset);
  std::set<std::string> splits(learned.begin(), learned.end());
  splits.insert(dataset.split);
  for (const std::string& split : splits) {
    const std::vector<fs::path> more = files_below(folder / split);
    files.insert(files.end(), more.begin(), more.end());
  }
  Sha256 digest;
  for (const fs::path& file : files) {
    const data::FileStamp stamp = data::file_stamp(file);
    digest.update(cat(file.lexically_relative(folder).string(), '\n', stamp.bytes, ' ',
                      stamp.mtime_ns, '\n'));
  }
  return digest.hex();
}

}  // namespace helip::eval
