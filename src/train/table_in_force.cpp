#include "train/table_in_force.h"

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "data/batch_sampler.h"
#include "data/quarantine.h"

namespace helip::train {

std::optional<store::HardPairTable> open_table(const TrainSpec& spec, const TrainingPairs& pairs) {
  if (spec.config.train.hard_pairs != "mined") return std::nullopt;
  if (spec.hard_pairs_folder.empty()) {
    throw ConfigError({.what = "training with mined hard pairs needs a hard-pair table",
                       .where = "train.hard_pairs",
                       .expected = "a table from the mine stage",
                       .found = "none"});
  }
  auto table = store::HardPairTable::open(spec.hard_pairs_folder, pairs.fingerprint());
  if (table.size() != pairs.size()) {
    throw StoreError({.what = "the hard-pair table is of another corpus",
                      .where = spec.hard_pairs_folder.string(),
                      .expected = cat(pairs.size(), " pairs"),
                      .found = cat(table.size(), " pairs")});
  }
  if (table.k() < spec.config.train.hard_pairs_per_seed) {
    throw ConfigError({.what = "the hard-pair table holds fewer hard pairs than a seed draws",
                       .where = "train.hard_pairs_per_seed",
                       .expected = cat("at most ", table.k()),
                       .found = cat(spec.config.train.hard_pairs_per_seed)});
  }
  return table;
}

std::string digest_of(const std::optional<store::HardPairTable>& table) {
  if (!table) return {};
  const store::HardPairManifest& manifest = table->manifest();
  return sha256_hex(
      cat(manifest.indices_sha256, " ", manifest.scores_sha256, " ", manifest.suitable_sha256));
}

std::vector<std::uint32_t> seeds_of(const TrainSpec& spec, const TrainingPairs& pairs,
                                    const std::optional<store::HardPairTable>& table) {
  std::vector<std::uint8_t> quarantined(pairs.size(), 0);
  if (!spec.quarantine_folder.empty()) {
    quarantined = data::read_quarantine(spec.quarantine_folder, pairs.size());
  }
  std::vector<std::uint32_t> seeds;
  for (std::uint32_t i = 0; i < pairs.size(); ++i) {
    if (quarantined[i] != 0) continue;
    if (table && !data::can_be_seed(spec.config.train, *table, SampleId{i})) continue;
    seeds.push_back(i);
  }
  return seeds;
}

}  // namespace helip::train
