// Who is missing in a collective: a rank that waits in vain asks the others whether they have begun
// it. A rank answers while it has a collective under way, so one that is dead, or that computes or
// loads data instead, stays silent. Over a channel of its own; costs nothing until somebody asks.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace helip::comm {

// How many collectives a rank has begun on each channel: of gathers, of gradients.
using BegunCollectives = std::array<std::uint64_t, 2>;

// Asks about collective number `number` (counted from 1) of a channel and waits at most `seconds`
// for the answers. Returns the ranks that have not begun it or say nothing, ascending. Any thread,
// one at a time. Throws CommError.
std::vector<int> call_the_roll(int channel, std::uint64_t number, double seconds);

// Answers those who have asked, if any. Used by the communication thread. Throws CommError.
void answer_roll_calls(const BegunCollectives& begun);

}  // namespace helip::comm
