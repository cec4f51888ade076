#include "mining/block_search.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "mining/dot_kernels.h"
#include "mining/parallel.h"
#include "mining/top_k.h"

namespace helip::mining {
namespace {

// A tile's dot products (64 KiB) and a block of candidates stay in the second-level cache.
constexpr std::uint64_t kTargetsPerTile = 64;
constexpr std::uint64_t kCandidatesPerBlock = 128;

// One modality as the search sees it.
struct Modality {
  const EmbeddingMatrix& rows;
  double floor;
};

// Searches one tile of targets over all candidates. The first modality is computed for all of a
// block; the second only for candidates that the first leaves a chance.
class TileSearch {
 public:
  TileSearch(const MiningData& data, const MinerOptions& options, const Modality& first,
             const Modality& second, TargetRange targets)
      : data_(data),
        options_(options),
        first_(first),
        second_(second),
        // cos <= 1 up to rounding, which is far below 1e-9 for any width; above the ceiling the
        // score is 0. So no admitted cosine exceeds this.
        cosine_cap_(std::min(options.rules.duplicate_ceiling, 1.0 + 1e-9)),
        dots_(targets.count * kCandidatesPerBlock) {
    for (std::uint64_t t = targets.first; t < targets.first + targets.count; ++t) {
      best_.emplace_back(options.k);
      targets_.push_back(t);
      target_rows_.push_back(first.rows.row(t));
    }
  }

  void search(const CandidateIds& candidates) {
    for (std::uint64_t begin = 0; begin < candidates.size(); begin += kCandidatesPerBlock) {
      const std::uint64_t end = std::min(begin + kCandidatesPerBlock, candidates.size());
      ids_.clear();
      rows_.clear();
      for (std::uint64_t i = begin; i < end; ++i) {
        ids_.push_back(candidates[i]);
        rows_.push_back(first_.rows.row(candidates[i]));
      }
      kernel_.dots(target_rows_.data(), target_rows_.size(), rows_.data(), rows_.size(),
                   first_.rows.width(), dots_.data());
      for (std::size_t t = 0; t < targets_.size(); ++t) {
        if (data_.may_be_target(targets_[t])) search_block(t, dots_.data() + t * ids_.size());
      }
    }
  }

  void write(std::span<std::uint32_t> indices, std::span<float> scores) const {
    for (std::size_t t = 0; t < best_.size(); ++t) {
      best_[t].write(indices.subspan(t * options_.k, options_.k),
                     scores.subspan(t * options_.k, options_.k));
    }
  }

 private:
  struct Survivor {
    std::uint32_t id;
    double first_cosine;
  };

  void search_block(std::size_t t, const double* dots) {
    const std::uint64_t target = targets_[t];
    TopK& best = best_[t];
    const double ceiling = options_.rules.duplicate_ceiling;
    const double squared_norm = first_.rows.squared_norm(target);
    survivors_.clear();
    survivor_rows_.clear();
    for (std::size_t c = 0; c < ids_.size(); ++c) {
      if (!(dots[c] > 0)) continue;  // floors are >= 0
      const std::uint32_t id = ids_[c];
      const double value = admitted(cosine(dots[c], squared_norm * first_.rows.squared_norm(id)),
                                    first_.floor, ceiling);
      // Rounding is monotonic, so the score cannot exceed this.
      const auto reachable = static_cast<float>(value * cosine_cap_);
      if (value == 0 || reachable < best.bound() || !data_.may_pair(target, id)) continue;
      survivors_.push_back({id, value});
      survivor_rows_.push_back(second_.rows.row(id));
    }
    second_dots_.resize(survivors_.size());
    const float* target_row = second_.rows.row(target);
    kernel_.dots(&target_row, 1, survivor_rows_.data(), survivor_rows_.size(), second_.rows.width(),
                 second_dots_.data());
    const double second_norm = second_.rows.squared_norm(target);
    for (std::size_t i = 0; i < survivors_.size(); ++i) {
      const auto& [id, first_cosine] = survivors_[i];
      const double value =
          admitted(cosine(second_dots_[i], second_norm * second_.rows.squared_norm(id)),
                   second_.floor, ceiling);
      best.offer(static_cast<float>(first_cosine * value), id);
    }
  }

  const MiningData& data_;
  const MinerOptions& options_;
  const Modality& first_;
  const Modality& second_;
  const DotKernel& kernel_ = dot_kernels().front();
  double cosine_cap_;
  std::vector<std::uint64_t> targets_;
  std::vector<TopK> best_;
  std::vector<const float*> target_rows_;
  std::vector<std::uint32_t> ids_;
  std::vector<const float*> rows_;
  std::vector<double> dots_;
  std::vector<Survivor> survivors_;
  std::vector<const float*> survivor_rows_;
  std::vector<double> second_dots_;
};

}  // namespace

void block_search(const MiningData& data, const MinerOptions& options, TargetRange targets,
                  const CandidateIds& candidates, std::span<std::uint32_t> indices,
                  std::span<float> scores, const Progress& progress) {
  const Modality images{data.images, options.rules.image_floor};
  const Modality texts{data.texts, options.rules.text_floor};
  const bool texts_first = data.texts.width() <= data.images.width();
  const std::uint64_t tiles = (targets.count + kTargetsPerTile - 1) / kTargetsPerTile;
  std::mutex mutex;
  std::uint64_t done = 0;
  for_each_index(tiles, options.threads, [&](std::uint64_t tile) {
    const std::uint64_t offset = tile * kTargetsPerTile;
    const TargetRange range{targets.first + offset,
                            std::min(kTargetsPerTile, targets.count - offset)};
    TileSearch search(data, options, texts_first ? texts : images, texts_first ? images : texts,
                      range);
    search.search(candidates);
    search.write(indices.subspan(offset * options.k, range.count * options.k),
                 scores.subspan(offset * options.k, range.count * options.k));
    const std::scoped_lock lock(mutex);
    done += range.count;
    if (progress) progress(done, targets.count);
  });
}

}  // namespace helip::mining
