// Finds the ranks that are missing in a collective. A rank that waits too long asks the other ranks
// whether they have begun it. A rank answers while it has a collective under way; a rank that is
// dead, or that computes or loads data instead, stays silent. Uses a channel of its own; costs
// nothing until a rank asks.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace helip::comm {

// Numbers of collectives that a rank has begun, by channel: gathers, gradients.
using BegunCollectives = std::array<std::uint64_t, 2>;

// Asks the other ranks about collective number `number` (counted from 1) of a channel and collects
// answers for `seconds`. Returns the ranks that have not begun it or did not answer, ascending. Any
// thread, one at a time. Throws CommError.
std::vector<int> call_the_roll(int channel, std::uint64_t number, double seconds);

// Answers the ranks that have asked, if any. `begun`: this rank's numbers. Used by the
// communication thread. Throws CommError.
void answer_roll_calls(const BegunCollectives& begun);

}  // namespace helip::comm
