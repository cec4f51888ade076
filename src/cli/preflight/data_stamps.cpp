#include "cli/preflight/data_stamps.h"

#include "eval/dataset_stamp.h"

namespace helip::cli {

jobs::DataStamps data_stamps(const config::RunConfig& config) {
  jobs::DataStamps stamps;
  for (const config::EvalDataset& dataset : config.eval.datasets) {
    stamps[dataset.name] = eval::dataset_stamp(dataset);
  }
  return stamps;
}

}  // namespace helip::cli
