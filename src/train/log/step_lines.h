// Files of JSON lines about the steps of a training, each with `seed` and `step`. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>

namespace helip::train {

// Makes the file's folder, and leaves out what an earlier run of this seed wrote past
// `resumed_step`, and torn lines (with a warning). Lines of other seeds stay.
void cut_step_lines(const std::filesystem::path& file, std::uint64_t seed,
                    std::uint64_t resumed_step);

}  // namespace helip::train
