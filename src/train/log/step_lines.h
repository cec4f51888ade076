// Files of JSON lines about the steps of a training, each with `seed` and `step`. Torch-free.
#pragma once

#include <cstdint>
#include <filesystem>

namespace helip::train {

// Creates the file's folder. Removes from an existing file the lines that an earlier run of this
// seed wrote past `resumed_step`, and, with a warning, lines that are not such an object (a write
// was cut short). Lines of other seeds stay. Throws StoreError if the file cannot be read or
// replaced.
void cut_step_lines(const std::filesystem::path& file, std::uint64_t seed,
                    std::uint64_t resumed_step);

}  // namespace helip::train
