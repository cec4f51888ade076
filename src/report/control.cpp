#include "report/control.h"

#include <algorithm>
#include <string_view>

#include "common/text.h"
#include "config/budget.h"
#include "config/difference.h"
#include "config/to_yaml.h"
#include "config/yaml/yaml_scalar.h"

namespace helip::report {
namespace {

class Faults {
 public:
  Faults(const JobRecord& subject, const JobRecord& other, const std::set<std::string>& chosen)
      : subject_(subject), other_(other), chosen_(chosen) {}

  template <typename Value>
  void same(std::string_view what, const Value& subject, const Value& other) {
    if (!(subject == other)) {
      add(cat(what, " is ", config::yaml_scalar(other), ", ", subject_.name, " has ",
              config::yaml_scalar(subject)));
    }
  }

  // Compares every key of a section that the trained model depends on, but for `left_out`.
  void same_section(std::string_view section, const std::vector<config::KeyDifference>& found,
                    const std::vector<std::string_view>& left_out) {
    for (const config::KeyDifference& one : found) {
      const std::string_view key = one.key;
      if (!key.starts_with(cat(section, ".")) || chosen_.contains(one.key)) continue;
      const std::string_view name = key.substr(section.size() + 1);
      if (std::find(left_out.begin(), left_out.end(), name) != left_out.end()) continue;
      add(cat(key, " is ", one.given, ", ", subject_.name, " has ", one.stored));
    }
  }

  void add(const std::string& fault) { sentences_.push_back(cat(other_.name, ": ", fault)); }
  [[nodiscard]] std::vector<std::string> sentences() && { return std::move(sentences_); }

 private:
  const JobRecord& subject_;
  const JobRecord& other_;
  const std::set<std::string>& chosen_;
  std::vector<std::string> sentences_;
};

void compare_trainings(const JobRecord& subject, const JobRecord& other, Faults& faults) {
  for (const auto& [seed, training] : subject.trainings) {
    const auto found = other.trainings.find(seed);
    if (found == other.trainings.end()) {
      faults.add(cat("seed ", seed, " is not trained"));
      continue;
    }
    const jobs::TrainResult& control = found->second;
    faults.same(cat("the digest of the initial weights of seed ", seed), training.initial_digest,
                control.initial_digest);
    faults.same(cat("the number of usable pairs of seed ", seed), training.usable_pairs,
                control.usable_pairs);
    faults.same(cat("the number of pairs that seed ", seed, " forwarded"), training.pairs,
                control.pairs);
    faults.same(cat("the number of views that seed ", seed, " forwarded"), training.views,
                control.views);
  }
}

}  // namespace

std::vector<std::string> control_faults(const JobRecord& subject, const JobRecord& other,
                                        const std::set<std::string>& chosen) {
  Faults faults(subject, other, chosen);
  if (other.config.train.hard_pairs != config::HardPairs::kNone) {
    faults.add(cat("train.hard_pairs is ", other.config.train.hard_pairs, ", a control has none"));
  }
  if (subject.trainings.empty() || other.trainings.empty()) {
    faults.add("what its trainings have used is not known: a training is not finished");
  }
  compare_trainings(subject, other, faults);
  faults.same("the corpus's fingerprint", subject.corpus_fingerprint, other.corpus_fingerprint);
  faults.same("the number of pairs in a batch", config::global_batch_size(subject.config.train),
              config::global_batch_size(other.config.train));
  // How pairs are drawn is what the comparison is about; lengths are compared as pairs above.
  const auto found = config::differences(config::to_yaml(subject.config),
                                         config::to_yaml(other.config), config::Role::kTraining);
  faults.same_section(
      "train", found,
      {"hard_pairs", "seeds_per_batch", "hard_pairs_per_seed", "range_min", "range_max",
       "sampling_strategy", "epochs", "steps", "pairs", "lr", "repeats"});
  faults.same_section("slip", found, {});
  // Weights and towers are compared by their digest.
  faults.same_section("model", found,
                      {"architecture", "init", "init_seed", "trust_torchscript", "name"});
  return std::move(faults).sentences();
}

}  // namespace helip::report
