// A loop over independent pieces of work on several threads.
#pragma once

#include <cstdint>
#include <functional>

namespace helip::mining {

// Calls work(0) … work(count - 1), each once, from up to `threads` threads (the caller's among
// them), and blocks until all calls are done. If a call throws, no further ones begin, and the
// first exception is thrown to the caller.
void for_each_index(std::uint64_t count, std::uint32_t threads,
                    const std::function<void(std::uint64_t)>& work);

}  // namespace helip::mining
