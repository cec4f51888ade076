// Reads Python's pickles as data alone: nothing is imported, called or executed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "weights/pickle_value.h"

namespace helip::weights {

// Returns the content of a pickle. Reads the opcodes of protocols 2 to 5 that torch.save uses for
// tensors, dicts, lists, tuples, sets, numbers and text. `bytes` must outlive the result. Throws
// StoreError naming `where`, the byte, and the opcode or global that is not read; also if there are
// more than `max_opcodes`, each of which costs some hundred bytes of memory at most.
Pickle unpickle(std::span<const std::byte> bytes, const std::string& where,
                std::uint64_t max_opcodes);

}  // namespace helip::weights
