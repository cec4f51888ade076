#include "train/step/desync_check.h"

#include <ATen/ops/stack.h>

#include <algorithm>
#include <span>

#include "common/error.h"
#include "common/text.h"

namespace helip::train {
namespace {

using Digest = std::span<const std::int64_t>;  // a number for each parameter

bool equal(Digest a, Digest b) { return std::equal(a.begin(), a.end(), b.begin()); }

// The lowest of the ranks that agree with the most.
std::size_t reference_of(const std::vector<Digest>& digests) {
  std::size_t best = 0;
  std::ptrdiff_t most = 0;
  for (std::size_t r = 0; r < digests.size(); ++r) {
    const auto agree = std::count_if(digests.begin(), digests.end(),
                                     [&](Digest other) { return equal(other, digests[r]); });
    if (agree <= most) continue;
    most = agree;
    best = r;
  }
  return best;
}

}  // namespace

void check_equal_weights(comm::Collectives& ranks,
                         const std::vector<std::pair<std::string, at::Tensor>>& parameters,
                         std::uint64_t step) {
  if (ranks.size() == 1 || parameters.empty()) return;
  std::vector<at::Tensor> sums;
  for (const auto& [name, parameter] : parameters) {
    // The bits as integers: their sum is exact in any order.
    sums.push_back(parameter.detach().reshape({-1}).view(at::kInt).sum(at::kLong));
  }
  const at::Tensor all_WP = ranks.all_gather(at::stack(sums).unsqueeze(0)).to(at::kCPU);
  std::vector<Digest> digests;
  for (std::int64_t r = 0; r < all_WP.size(0); ++r) {
    digests.emplace_back(all_WP.const_data_ptr<std::int64_t>() + r * all_WP.size(1),
                         parameters.size());
  }
  const std::size_t reference = reference_of(digests);
  std::string differing;
  std::size_t first = parameters.size();
  for (std::size_t r = 0; r < digests.size(); ++r) {
    if (equal(digests[r], digests[reference])) continue;
    const auto found =
        std::mismatch(digests[r].begin(), digests[r].end(), digests[reference].begin());
    first = std::min(first, static_cast<std::size_t>(found.first - digests[r].begin()));
    differing += cat(differing.empty() ? "rank " : ", rank ", r);
  }
  if (differing.empty()) return;
  throw CommError({.what = "the weights of the ranks have drifted apart",
                   .where = cat("step ", step, ", parameter ", parameters[first].first),
                   .expected = cat("the bits of rank ", reference),
                   .found = cat("others on ", differing)});
}

}  // namespace helip::train
