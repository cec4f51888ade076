// A restricted reader of Python's pickles: data alone, nothing is imported, called or executed.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "weights/pickle_value.h"

namespace helip::weights {

// Reads the opcodes of protocols 2 to 5 that torch.save uses for tensors, dicts, lists, tuples,
// sets, numbers and text. `bytes` must outlive the result. Throws StoreError naming `where`, the
// byte, and the opcode or global that is not read; at most 1,000,000 opcodes, so that memory stays
// below some hundred bytes for each byte of the pickle and some hundred megabytes in all.
Pickle unpickle(std::span<const std::byte> bytes, const std::string& where);

}  // namespace helip::weights
