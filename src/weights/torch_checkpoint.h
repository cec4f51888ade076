// Writes checkpoints for other programs, as torch.save would write them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/tensor_view.h"
#include "weights/weights_file.h"

namespace helip::weights {

struct TorchCheckpoint {
  std::int64_t epoch = 0;
  std::string name = {};    // empty: none
  std::string prefix = {};  // of every tensor's name ("module.")
  // In the order of the state_dict; dtypes that a storage class of PyTorch has.
  std::vector<std::pair<std::string, store::TensorView>> tensors = {};
  // Written as an argparse.Namespace, which torch.load reads with weights_only=False alone; empty:
  // none, and weights_only=True reads the file.
  std::map<std::string, CheckpointFacts::Plain> args = {};
};

// Writes {"epoch", ["name",] "state_dict"[, "args"]}, atomically; equal content gives equal bytes.
// Throws StoreError if the file cannot be written.
void write_torch_checkpoint(const std::filesystem::path& path, const TorchCheckpoint& checkpoint);

}  // namespace helip::weights
