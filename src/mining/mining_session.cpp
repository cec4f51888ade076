#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/ids.h"
#include "common/log.h"
#include "common/text.h"
#include "data/corpus/quarantine.h"
#include "mining/cuda/cuda_screen.h"
#include "mining/kernels/parallel.h"
#include "mining/miners/device_miner.h"
#include "mining/miners/index_miner.h"
#include "mining/miners/pair_miner.h"
#include "mining/miners/recall.h"
#include "mining/mining_job.h"
#include "mining/pairs/embedding_files.h"
#include "mining/pairs/mining_data.h"
#include "store/array_files.h"
#include "store/embedding_store.h"
#include "store/npy.h"
#include "store/safetensors.h"

namespace helip::mining {
namespace {

namespace fs = std::filesystem;

std::vector<std::uint32_t> read_groups(const fs::path& file, std::uint64_t pairs) {
  const store::NpyArray array = store::NpyArray::open(file);
  if (array.dtype() != store::DType::kU32 || array.shape() != std::vector<std::uint64_t>{pairs}) {
    throw StoreError({.what = "the duplicate groups do not fit the embeddings",
                      .where = file.string(),
                      .expected = cat("uint32 [", pairs, "]"),
                      .found = cat(array.shape().size(), "-D, ", array.bytes().size(), " bytes")});
  }
  const auto values = array.as<std::uint32_t>();
  return {values.begin(), values.end()};
}

void check_groups(const MiningInput& input, const config::MiningConfig& config) {
  if (config.per_group == 0 || !input.duplicate_groups.empty()) return;
  throw ConfigError({.what = "nothing tells which captions are equal",
                     .where = "mining.per_group",
                     .expected = "a folder with caption_group.npy (--groups)",
                     .found = "none"});
}

MiningData read_data(const MiningInput& input, const config::MiningConfig& config,
                     std::uint32_t threads) {
  check_groups(input, config);
  const std::string& scratch = config.scratch;
  const fs::path image_path = modality_path(input.image_embeddings, "img_emb");
  const fs::path text_path = modality_path(input.text_embeddings, "text_emb");
  store::EmbeddingStore images = store::EmbeddingStore::open(image_path);
  store::EmbeddingStore texts = store::EmbeddingStore::open(text_path);
  if (images.rows() != texts.rows()) {
    throw StoreError({.what = "image and text embeddings are not of the same pairs",
                      .where = text_path.string(),
                      .expected = cat(images.rows(), " rows, as in ", image_path.string()),
                      .found = cat(texts.rows(), " rows")});
  }
  if (images.rows() >= kNoPair) {
    throw DataError({.what = "too many pairs for a hard-pair table",
                     .where = image_path.string(),
                     .expected = cat("fewer than ", kNoPair),
                     .found = cat(images.rows())});
  }
  MiningData data{EmbeddingMatrix(std::move(images), threads, scratch),
                  EmbeddingMatrix(std::move(texts), threads, scratch),
                  {},
                  {},
                  {},
                  scratch};
  if (!input.duplicate_groups.empty()) {
    data.image_group = read_groups(input.duplicate_groups / store::kImageGroupFile, data.pairs());
    data.caption_group =
        read_groups(input.duplicate_groups / store::kCaptionGroupFile, data.pairs());
  }
  if (!input.quarantine.empty()) {
    data.quarantined = data::read_quarantine(input.quarantine, data.pairs());
  }
  return data;
}

// sim(I, T) is defined only where both are of one space; equal widths are what can be told.
void check_joint_space(const MiningData& data, const config::MiningConfig& config) {
  if (!config.absolute_margin && !config.relative_margin) return;
  if (data.images.dim() == data.texts.dim()) return;
  throw ConfigError(
      {.what = "a positive-aware margin needs a joint space of images and texts",
       .where = config.absolute_margin ? "mining.absolute_margin" : "mining.relative_margin",
       .expected = "image and text embeddings of equal width",
       .found = cat("widths ", data.images.dim(), " and ", data.texts.dim())});
}

MinerOptions options_of(std::uint64_t pairs, const config::MiningConfig& config,
                        std::uint32_t threads) {
  return {.rules = {.image_floor = config.image_floor,
                    .text_floor = config.text_floor,
                    .duplicate_ceiling = config.duplicate_ceiling,
                    .metric = config.metric},
          .filters = {.min_score = config.min_score,
                      .max_score = config.max_score,
                      .absolute_margin = config.absolute_margin,
                      .relative_margin = config.relative_margin},
          .k = mined_per_target(pairs, config),
          .per_group = config.per_group,
          .threads = threads,
          .instruction_set = std::string(config::name_of(config.instruction_set))};
}

// Null if the device is the CPU, which it is afterwards where the CPU steps in.
std::unique_ptr<PairMiner> make_gpu_miner(const MiningData& data, const MinerOptions& options,
                                          MiningDevice& device) {
  constexpr std::string_view kCuda = "cuda:";
  if (!device.name.starts_with(kCuda)) return nullptr;
  const CudaScreenOptions cuda{.device = std::stoi(device.name.substr(kCuda.size()))};
  try {
    return make_device_miner(data, options,
                             make_cuda_screen(data, options, screen_sizes(options.k), cuda));
  } catch (const Error& error) {
    if (!device.or_cpu) throw;
    log::warning(cat("mining on the CPU: ", error.what()));
    device = {};
    return nullptr;
  }
}

std::unique_ptr<PairMiner> make_miner(const MiningData& data, const config::MiningConfig& config,
                                      const MinerOptions& options, int table_version,
                                      MiningDevice& device) {
  switch (config.method) {
    case config::MiningMethod::kFast:
      return make_fast_miner(data, options,
                             {.pairs = data.pairs(),
                              .pool_size = config.pool_size,
                              .refresh_targets = config.pool_refresh_targets,
                              .seed = config.seed,
                              .table_version = static_cast<std::uint64_t>(table_version)});
    case config::MiningMethod::kIndex:
      return make_index_miner(data, options,
                              {.way = config.index,
                               .nlist = config.index_lists,
                               .nprobe = config.index_probes,
                               .recall = config.index_recall,
                               .seed = config.seed});
    case config::MiningMethod::kExact:
      break;
  }
  if (auto miner = make_gpu_miner(data, options, device)) return miner;
  return make_exact_miner(data, options);
}

}  // namespace

struct MiningSession::State {
  State(const MiningInput& input, const config::MiningConfig& config, std::uint32_t threads,
        int table_version, MiningDevice asked)
      : device(std::move(asked)),
        data(read_data(input, config, threads)),
        table_slots(config.hard_pairs_per_target),
        exact(config.method == config::MiningMethod::kExact),
        seed(config.seed) {
    check_mining(data.pairs(), config);
    check_joint_space(data, config);
    options = options_of(data.pairs(), config, threads);
    k = options.k;
    miner = make_miner(data, config, options, table_version, device);
  }
  MiningDevice device;
  MiningData data;
  std::uint32_t k = 0;  // slots of a mined row
  std::uint32_t table_slots;
  MinerOptions options;
  bool exact;
  std::uint64_t seed;
  std::unique_ptr<PairMiner> miner;
};

MiningSession::MiningSession(const MiningInput& input, const config::MiningConfig& config,
                             std::uint32_t threads, int table_version, const MiningDevice& device)
    : state_(std::make_unique<State>(input, config, threads, table_version, device)) {}

MiningSession::~MiningSession() = default;

std::uint64_t MiningSession::pairs() const { return state_->data.pairs(); }

const std::string& MiningSession::device() const { return state_->device.name; }

std::uint32_t MiningSession::slots() const { return state_->k; }

void MiningSession::mine(std::uint64_t first, std::uint64_t count, std::span<std::uint32_t> indices,
                         std::span<float> scores, std::span<std::uint32_t> filled,
                         const Progress& progress) const {
  const std::uint64_t slots = count * state_->k;
  if (count > pairs() || first > pairs() - count || indices.size() != slots ||
      scores.size() != slots || filled.size() != count) {
    throw DataError({.what = "no such range of targets",
                     .expected = cat("targets below ", pairs(), " and ", slots, " slots"),
                     .found = cat("targets from ", first, ", ", count, " of them, and ",
                                  indices.size(), " slots")});
  }
  state_->miner->mine({first, count}, indices, scores, filled, progress);
}

std::uint64_t MiningSession::compared() const { return state_->miner->compared(); }

RecallReport MiningSession::recall() const {
  if (state_->exact) return {};
  // Not the targets on which the index was tuned.
  const auto sample = split_sample(pairs(), state_->seed).measured;
  // Recall counts the table's slots. With a hub cap more slots than these are mined.
  MinerOptions options = state_->options;
  options.k = state_->table_slots;
  const ExactRows exact = mine_exactly(state_->data, options, sample);
  const std::size_t k = state_->k;
  ExactRows mined{std::vector<std::uint32_t>(sample.size() * k),
                  std::vector<float>(sample.size() * k)};
  std::vector<std::uint32_t> filled(sample.size());
  for_each_index(sample.size(), state_->options.threads, [&](std::uint64_t i) {
    state_->miner->mine({sample[i], 1}, std::span(mined.indices).subspan(i * k, k),
                        std::span(mined.scores).subspan(i * k, k), std::span(filled).subspan(i, 1),
                        {});
  });
  ExactRows found;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const auto row = static_cast<std::ptrdiff_t>(i * k);
    const auto end = row + static_cast<std::ptrdiff_t>(options.k);
    found.indices.insert(found.indices.end(), mined.indices.begin() + row,
                         mined.indices.begin() + end);
    found.scores.insert(found.scores.end(), mined.scores.begin() + row, mined.scores.begin() + end);
  }
  return {recall_of(exact, found, options.k), static_cast<std::uint32_t>(sample.size())};
}

std::string MiningSession::mine_to_file(std::uint64_t first, std::uint64_t count,
                                        const fs::path& result,
                                        const std::map<std::string, std::string>& metadata,
                                        const Progress& progress) const {
  std::vector<std::uint32_t> indices(count * state_->k);
  std::vector<float> scores(count * state_->k);
  std::vector<std::uint32_t> filled(count);
  mine(first, count, indices, scores, filled, progress);
  std::map<std::string, std::string> all = metadata;
  all["first"] = cat(first);
  all["count"] = cat(count);
  const std::vector<std::uint64_t> shape = {count, state_->k};
  return store::write_safetensors(result,
                                  {{"indices", {"U32", shape, std::as_bytes(std::span(indices))}},
                                   {"scores", {"F32", shape, std::as_bytes(std::span(scores))}},
                                   {"filled", {"U32", {count}, std::as_bytes(std::span(filled))}}},
                                  all);
}

}  // namespace helip::mining
