#include "mining/screen/chunked_scan.h"

#include <algorithm>
#include <vector>

#include "common/error.h"
#include "common/text.h"

namespace helip::mining {
namespace {

// Candidates to screen next. As many as there is room for cannot overflow. Beyond that, a target
// that keeps `pending` of the `seen` so far may expect pending/seen of the coming ones to survive;
// half of the room is planned for. Bounds get better with what was seen, and one that overflowed
// should not soon do so again: a chunk is at most twice as long as the last.
std::uint64_t chunk_after(std::uint64_t seen, std::uint64_t last, std::uint64_t pending,
                          std::uint64_t room) {
  const std::uint64_t expected = seen / (2 * std::max<std::uint64_t>(pending, 1)) * room;
  return std::max(room, std::min(2 * last, expected));
}

}  // namespace

void scan_in_chunks(ScreenLane& lane, std::uint64_t candidates, std::uint32_t capacity,
                    const RescoreTaken& rescore) {
  std::uint64_t pending = 0;  // of the target that has most
  std::uint64_t count = 0;
  for (std::uint64_t seen = 0; seen < candidates; seen += count) {
    if (pending > capacity / 2 + capacity / 4) {
      // Equal scores, or nearly: no bound tells them apart, only exact scores do.
      std::vector<TakenTarget> crowded = lane.take(capacity / 2 + 1);
      lane.raise(rescore(crowded));
      pending = capacity / 2;
    }
    const std::uint64_t room = capacity - pending;
    count = std::min(candidates - seen, chunk_after(seen, count, pending, room));
    while (!lane.scan(seen, count)) {
      if (count <= room) {
        throw Error({.what = "the screen device says that candidates overflow which fit",
                     .where = cat("candidates from ", seen),
                     .expected = cat("room for ", room),
                     .found = cat(count)});
      }
      count = std::max(room, count / 2);
    }
    pending = lane.tighten();
  }
  std::vector<TakenTarget> rest = lane.take(0);
  rescore(rest);
}

}  // namespace helip::mining
