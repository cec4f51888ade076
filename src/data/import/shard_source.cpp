#include "data/import/shard_source.h"

#include <utility>

#include "common/text.h"
#include "data/corpus/index_corpus.h"
#include "data/corpus/quarantine.h"
#include "data/corpus/sample_reader.h"

namespace helip::data {
namespace {

class ShardSource final : public ImportSource {
 public:
  ShardSource(const std::vector<std::filesystem::path>& shards, const SourceOptions& options,
              bool resizes_first)
      : scan_(scan_shards(shards, options.caption_key, {})),
        resizes_first_(resizes_first),
        reader_(shards, shard_names(scan_.manifest), options.caption_key, options.max_image_bytes) {
    for (const QuarantineEntry& entry : scan_.unpaired) {
      SplitReason reason = split_reason(entry.reason);
      unpaired_.push_back({cat(entry.shard, ": byte ", entry.offset), entry.key,
                           std::move(reason.kind), std::move(reason.detail), entry.samples});
    }
  }
  [[nodiscard]] std::uint64_t size() const override { return scan_.locations.size(); }
  [[nodiscard]] const std::vector<ImportProblem>& unpaired() const override { return unpaired_; }
  [[nodiscard]] std::string identity() const override { return scan_.manifest.fingerprint; }
  [[nodiscard]] bool resizes_first() const override { return resizes_first_; }
  [[nodiscard]] SourcePair read(std::uint64_t pair) const override {
    const SampleLocation& location = scan_.locations[static_cast<std::size_t>(pair)];
    Sample sample = reader_.read(SampleId{pair}, location);
    SplitReason reason = split_reason(sample.caption_problem);
    return {.source = cat(sample.shard, ": byte ", sample.offset),
            .key = std::move(sample.key),
            .image = std::move(sample.image),
            .caption = std::move(sample.caption),
            .problem = std::move(reason.kind),
            .detail = std::move(reason.detail)};
  }

 private:
  CorpusScan scan_;
  bool resizes_first_;
  SampleReader reader_;
  std::vector<ImportProblem> unpaired_;
};

}  // namespace

std::unique_ptr<ImportSource> shard_source(const std::vector<std::filesystem::path>& shards,
                                           const SourceOptions& options, bool resizes_first) {
  return std::make_unique<ShardSource>(shards, options, resizes_first);
}

}  // namespace helip::data
