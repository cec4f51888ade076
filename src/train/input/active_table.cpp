#include "train/input/active_table.h"

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "data/corpus/quarantine.h"
#include "train/input/batch_sampler.h"

namespace helip::train {

std::unique_ptr<const store::HardPairTable> open_table(const config::TrainConfig& train,
                                                       const TrainingPairs& pairs,
                                                       const std::filesystem::path& folder) {
  if (train.hard_pairs != config::HardPairs::kMined) return nullptr;
  if (folder.empty()) {
    throw ConfigError({.what = "training with mined hard pairs needs a hard-pair table",
                       .where = "train.hard_pairs",
                       .expected = "a table from the mine stage",
                       .found = "none"});
  }
  auto table = std::make_unique<const store::HardPairTable>(
      store::HardPairTable::open(folder, pairs.fingerprint()));
  if (table->size() != pairs.size()) {
    throw StoreError({.what = "the hard-pair table is of another corpus",
                      .where = folder.string(),
                      .expected = cat(pairs.size(), " pairs"),
                      .found = cat(table->size(), " pairs")});
  }
  if (table->k() < train.hard_pairs_per_seed) {
    throw ConfigError({.what = "the hard-pair table holds fewer hard pairs than a seed draws",
                       .where = "train.hard_pairs_per_seed",
                       .expected = cat("at most ", table->k()),
                       .found = cat(train.hard_pairs_per_seed)});
  }
  return table;
}

std::string digest_of(const store::HardPairTable* table) {
  if (table == nullptr) return {};
  const store::HardPairManifest& manifest = table->manifest();
  return sha256_hex(
      cat(manifest.indices_sha256, " ", manifest.scores_sha256, " ", manifest.suitable_sha256));
}

std::vector<std::uint32_t> usable_pairs(const TrainingPairs& pairs,
                                        const std::filesystem::path& quarantine_folder) {
  std::vector<std::uint8_t> quarantined(pairs.size(), 0);
  if (!quarantine_folder.empty()) {
    quarantined = data::read_quarantine(quarantine_folder, pairs.size());
  }
  std::vector<std::uint32_t> usable;
  for (std::uint32_t i = 0; i < pairs.size(); ++i) {
    if (quarantined[i] == 0) usable.push_back(i);
  }
  return usable;
}

std::vector<std::uint32_t> seeds_of(const config::TrainConfig& train,
                                    const std::vector<std::uint32_t>& usable,
                                    const store::HardPairTable* table) {
  if (table == nullptr) return usable;
  std::vector<std::uint32_t> seeds;
  for (const std::uint32_t id : usable) {
    if (can_be_seed(train, *table, SampleId{id})) seeds.push_back(id);
  }
  return seeds;
}

}  // namespace helip::train
