#include "comm/gradient_sync.h"

#include <torch/csrc/distributed/c10d/reducer.hpp>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace helip::comm {
namespace {

constexpr std::size_t kFirstBucketBytes = 1U << 20;
constexpr std::size_t kBucketBytes = 25U << 20;

// c10d::Reducer regroups its buckets by the order of the first backward pass when its owner asks
// for it, and until then notes that order at every pass. Neither happens once it believes it has
// done so.
class FixedBucketReducer final : public c10d::Reducer {
 public:
  template <typename... Arguments>
  explicit FixedBucketReducer(Arguments&&... arguments)
      : Reducer(std::forward<Arguments>(arguments)...) {
    has_rebuilt_bucket_ = true;
    set_ddp_runtime_logging_sample_rate(1);  // else it times one step in a hundred
  }

  // Returns the seconds that averaging took in the last backward pass, by the host's clock.
  double averaging_seconds() {
    const auto begin = timer_->getTimestamp(c10d::Timer::Event::kBackwardComputeEnd);
    const auto end = timer_->getTimestamp(c10d::Timer::Event::kBackwardCommEnd);
    return begin && end ? 1e-9 * static_cast<double>(*end - *begin) : 0;
  }
};

// Its constructor has one more parameter (bucket_bytes_cap_list) in newer versions of LibTorch.
template <typename Base>
std::unique_ptr<FixedBucketReducer> make_reducer(
    const std::vector<at::Tensor>& parameters, const std::vector<std::vector<std::size_t>>& buckets,
    const c10::intrusive_ptr<c10d::ProcessGroup>& group) {
  const std::vector<bool> sparse(parameters.size(), false);
  const auto cap = static_cast<std::int64_t>(kBucketBytes);
  const auto first_cap = static_cast<std::int64_t>(kFirstBucketBytes);
  const std::unordered_map<std::size_t, std::string> names;
  using Sizes = std::vector<std::int64_t>;
  if constexpr (std::is_constructible_v<
                    Base, std::vector<at::Tensor>, std::vector<std::vector<std::size_t>>,
                    c10::intrusive_ptr<c10d::ProcessGroup>, std::vector<bool>, std::int64_t, bool,
                    bool, std::unordered_map<std::size_t, std::string>, std::int64_t, bool, bool,
                    Sizes>) {
    return std::make_unique<FixedBucketReducer>(parameters, buckets, group, sparse, cap, false,
                                                false, names, first_cap, false, false, Sizes{});
  } else {
    return std::make_unique<FixedBucketReducer>(parameters, buckets, group, sparse, cap, false,
                                                false, names, first_cap, false, false);
  }
}

}  // namespace

struct GradientSync::State {
  std::unique_ptr<FixedBucketReducer> reducer;  // null for one rank
};

std::vector<std::vector<std::size_t>> fixed_buckets(const std::vector<std::size_t>& bytes,
                                                    std::size_t first_cap, std::size_t cap) {
  std::vector<std::vector<std::size_t>> buckets;
  std::vector<std::size_t> bucket;
  std::size_t held = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    bucket.push_back(i);
    held += bytes[i];
    if (held >= (buckets.empty() ? first_cap : cap)) {
      buckets.push_back(std::exchange(bucket, {}));
      held = 0;
    }
  }
  if (!bucket.empty()) buckets.push_back(std::move(bucket));
  return buckets;
}

GradientSync::GradientSync(Collectives& ranks, std::vector<at::Tensor> parameters)
    : state_(std::make_unique<State>()) {
  c10d::ProcessGroup* group = ranks.gradient_group();
  if (group == nullptr) return;
  std::vector<std::size_t> bytes;
  for (const at::Tensor& parameter : parameters) bytes.push_back(parameter.nbytes());
  state_->reducer = make_reducer<c10d::Reducer>(
      parameters, fixed_buckets(bytes, kFirstBucketBytes, kBucketBytes),
      c10::intrusive_ptr<c10d::ProcessGroup>::unsafe_reclaim_from_nonowning(group));
}

GradientSync::~GradientSync() {
  if (state_->reducer) state_->reducer->remove_autograd_hooks();
}

void GradientSync::prepare(const at::Tensor& loss) {
  if (!state_->reducer) return;
  state_->reducer->prepare_for_forward();
  state_->reducer->prepare_for_backward({loss});
}

double GradientSync::finish() {
  if (!state_->reducer) return 0;
  // The reducer's own callback at the end of backward waited for the buckets; this tells a
  // parameter that got no gradient.
  state_->reducer->check_finalized();
  return state_->reducer->averaging_seconds();
}

}  // namespace helip::comm
