#include "train/checkpoint/checkpoint.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "common/log.h"
#include "common/publish.h"
#include "common/text.h"
#include "train/checkpoint/early_stopping.h"

namespace helip::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "helip_checkpoint/1";
constexpr const char* kStateFile = "state.json";
constexpr const char* kManifestFile = "manifest.json";
constexpr std::array<const char*, 3> kFiles = {kModelFile, kOptimizerFile, kStateFile};

OrderedJson parse(const fs::path& file) {
  const std::string text = read_text_file(file);
  try {
    return OrderedJson::parse(text);
  } catch (const JsonError& problem) {
    throw StoreError({.what = "damaged file of a checkpoint",
                      .where = file.string(),
                      .expected = "JSON",
                      .found = problem.what()});
  }
}

// Runs `read` on parsed JSON; a missing or mistyped field becomes a StoreError.
template <typename Read>
auto fields_of(const fs::path& file, Read read) {
  const OrderedJson object = parse(file);
  try {
    return read(object);
  } catch (const JsonError& problem) {
    throw StoreError({.what = "damaged file of a checkpoint",
                      .where = file.string(),
                      .expected = cat("the fields of ", kFormat),
                      .found = problem.what()});
  }
}

void check_format(const fs::path& file, const std::string& format) {
  if (format == kFormat) return;
  throw StoreError({.what = "a checkpoint of another format",
                    .where = file.string(),
                    .expected = kFormat,
                    .found = format});
}

// The one text that a manifest of these files can have.
std::string manifest_text(const fs::path& checkpoint, const FileDigests& digests) {
  OrderedJson files;
  for (const char* name : kFiles) {
    files[name] = {{"bytes", fs::file_size(checkpoint / name)}, {"sha256", digests.at(name)}};
  }
  return OrderedJson{{"format", kFormat}, {"files", files}}.dump(2) + "\n";
}

void check_files(const fs::path& checkpoint) {
  const fs::path manifest = checkpoint / kManifestFile;
  if (!fs::exists(manifest)) {
    throw StoreError({.what = "an incomplete checkpoint",
                      .where = checkpoint.string(),
                      .expected = kManifestFile,
                      .found = "no such file"});
  }
  const auto expected = fields_of(manifest, [&](const OrderedJson& object) {
    check_format(manifest, object.at("format").get<std::string>());
    FileDigests digests;
    for (const char* name : kFiles) {
      digests[name] = object.at("files").at(name).at("sha256").get<std::string>();
    }
    return digests;
  });
  for (const char* name : kFiles) {
    const std::string found = sha256_file(checkpoint / name);
    if (found == expected.at(name)) continue;
    throw StoreError({.what = "a damaged checkpoint",
                      .where = (checkpoint / name).string(),
                      .expected = "sha256 " + expected.at(name),
                      .found = found});
  }
  // JSON has many ways to write one thing; damage that leaves the meaning alone is damage as well.
  if (read_text_file(manifest) == manifest_text(checkpoint, expected)) return;
  throw StoreError({.what = "a damaged file of a checkpoint",
                    .where = manifest.string(),
                    .expected = "the manifest of its files",
                    .found = "another text"});
}

// Steps of the folders that are named like checkpoints, ascending.
std::vector<std::uint64_t> steps_in(const fs::path& folder) {
  std::vector<std::uint64_t> steps;
  if (!fs::exists(folder)) return steps;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    std::uint64_t step = 0;
    const std::string_view prefix = "step-";
    if (!name.starts_with(prefix)) continue;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), step);
    if (name == checkpoint_name(step)) steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

void check_run(const fs::path& checkpoint, const RunIdentity& found, const RunIdentity& run) {
  const auto refuse = [&](const char* thing, const std::string& expected,
                          const std::string& other) {
    throw StoreError({.what = cat("the checkpoint is of a run with another ", thing,
                                  "; take another work directory or remove its checkpoints"),
                      .where = checkpoint.string(),
                      .expected = expected,
                      .found = other});
  };
  if (found.seed != run.seed) refuse("seed", cat(run.seed), cat(found.seed));
  if (found.model_digest != run.model_digest) {
    refuse("model", run.model_digest, found.model_digest);
  }
  if (found.table_digest != run.table_digest) {
    refuse("hard-pair table", run.table_digest, found.table_digest);
  }
  if (found.config_digest != run.config_digest) {
    refuse("configuration", run.config_digest, found.config_digest);
  }
}

bool is_complete(const fs::path& checkpoint) {
  if (!fs::exists(checkpoint)) return false;
  try {
    read_checkpoint(checkpoint);
    return true;
  } catch (const StoreError&) {
    return false;
  }
}

}  // namespace

std::string checkpoint_name(std::uint64_t step) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "step-%08llu", static_cast<unsigned long long>(step));
  return name.data();
}

void write_checkpoint(const fs::path& folder, const TrainState& state,
                      const std::function<FileDigests(const fs::path&)>& write) {
  const fs::path checkpoint = folder / checkpoint_name(state.step);
  if (is_complete(checkpoint)) {
    log::warning(cat(checkpoint.string(), " is complete already and stays as it is"));
    return;
  }
  const fs::path temporary = checkpoint.string() + cat(".tmp.", getpid());
  fs::remove_all(temporary);
  fs::create_directories(temporary);
  try {
    FileDigests digests = write(temporary);
    OrderedJson tables = OrderedJson::array();
    for (const TableVersion& version : state.later_tables) {
      tables.push_back({{"version", version.number},
                        {"requested", version.requested},
                        {"first_step", version.first_step},
                        {"first_pass", version.first_pass},
                        {"digest", version.digest}});
    }
    OrderedJson description = {{"format", kFormat},
                               {"seed", state.run.seed},
                               {"epoch", state.epoch},
                               {"step", state.step},
                               {"loss", state.loss},
                               {"pairs", state.pairs},
                               {"views", state.views},
                               {"loss_scale", state.scaler.scale},
                               {"loss_scale_steps", state.scaler.good_steps},
                               {"config_digest", state.run.config_digest},
                               {"model_digest", state.run.model_digest},
                               {"table_digest", state.run.table_digest}};
    description["later_tables"] = tables;
    description["held_out"] = OrderedJson::array();
    for (const HeldOutScore& score : state.held_out) {
      description["held_out"].push_back(json_of(score));
    }
    const std::string text = description.dump(2) + "\n";
    publish_file(temporary / kStateFile, text);
    digests[kStateFile] = sha256_hex(text);
    publish_file(temporary / kManifestFile, manifest_text(temporary, digests));
    fs::remove_all(checkpoint);
    publish_folder(temporary, checkpoint);
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw;
  }
}

TrainState read_checkpoint(const fs::path& checkpoint) {
  check_files(checkpoint);
  const fs::path file = checkpoint / kStateFile;
  const TrainState state = fields_of(file, [&](const OrderedJson& object) {
    check_format(file, object.at("format").get<std::string>());
    TrainState found;
    found.run.seed = object.at("seed").get<std::uint64_t>();
    found.run.config_digest = object.at("config_digest").get<std::string>();
    found.run.model_digest = object.at("model_digest").get<std::string>();
    found.run.table_digest = object.at("table_digest").get<std::string>();
    found.step = object.at("step").get<std::uint64_t>();
    found.epoch = object.at("epoch").get<std::uint64_t>();
    // A loss that was not finite is written as null.
    found.loss = object.at("loss").is_null() ? std::nan("") : object.at("loss").get<double>();
    found.pairs = object.at("pairs").get<std::uint64_t>();
    found.views = object.at("views").get<std::uint64_t>();
    found.scaler = {.scale = object.at("loss_scale").get<double>(),
                    .good_steps = object.at("loss_scale_steps").get<std::uint64_t>()};
    for (const OrderedJson& version : object.at("later_tables")) {
      found.later_tables.push_back({.number = version.at("version").get<std::uint32_t>(),
                                    .requested = version.at("requested").get<std::uint64_t>(),
                                    .first_step = version.at("first_step").get<std::uint64_t>(),
                                    .first_pass = version.at("first_pass").get<std::uint64_t>(),
                                    .digest = version.at("digest").get<std::string>()});
    }
    for (const OrderedJson& score : object.at("held_out")) {
      found.held_out.push_back(score_from(score));
    }
    return found;
  });
  if (checkpoint.filename() != checkpoint_name(state.step)) {
    throw StoreError({.what = "a checkpoint under the name of another one",
                      .where = checkpoint.string(),
                      .expected = checkpoint_name(state.step),
                      .found = checkpoint.filename().string()});
  }
  return state;
}

std::optional<TrainState> newest_checkpoint(const fs::path& folder, const RunIdentity& run) {
  std::vector<std::uint64_t> steps = steps_in(folder);
  std::reverse(steps.begin(), steps.end());
  for (const std::uint64_t step : steps) {
    const fs::path checkpoint = folder / checkpoint_name(step);
    TrainState state;
    try {
      state = read_checkpoint(checkpoint);
    } catch (const StoreError& problem) {
      log::warning(cat("skipping a checkpoint: ", problem.what()));
      continue;
    }
    check_run(checkpoint, state.run, run);
    const TableVersion* version = awaited_table(state);
    if (version != nullptr && !is_complete(folder / checkpoint_name(version->requested))) {
      log::warning(cat("skipping a checkpoint: ", checkpoint.string(), " waits for a table of ",
                       checkpoint_name(version->requested), ", which is not whole"));
      continue;
    }
    return state;
  }
  return std::nullopt;
}

void remove_old_checkpoints(const fs::path& folder, const CheckpointRetention& retention,
                            const std::set<std::uint64_t>& needed) {
  std::vector<std::uint64_t> steps = steps_in(folder);
  std::reverse(steps.begin(), steps.end());
  std::uint32_t complete = 0;
  for (const std::uint64_t step : steps) {
    const fs::path checkpoint = folder / checkpoint_name(step);
    if (complete < std::max(retention.keep, 1U)) {
      if (fs::exists(checkpoint / kManifestFile)) ++complete;
      continue;
    }
    if (retention.keep_every > 0 && step % retention.keep_every == 0) continue;
    if (needed.contains(step)) continue;
    // The manifest goes first: what is left of a removal that was cut short is no checkpoint.
    fs::remove(checkpoint / kManifestFile);
    fs::remove_all(checkpoint);
  }
}

std::set<std::uint64_t> steps_needed(const TrainState& state, const std::string& best_metric) {
  std::set<std::uint64_t> steps;
  if (!state.held_out.empty() && !best_metric.empty()) {
    steps.insert(best_of(state.held_out, best_metric).step);
  }
  if (const TableVersion* version = awaited_table(state)) steps.insert(version->requested);
  return steps;
}

const TableVersion* awaited_table(const TrainState& state) {
  const bool awaited = !state.later_tables.empty() && state.later_tables.back().digest.empty();
  return awaited ? &state.later_tables.back() : nullptr;
}

void sweep_checkpoints(const fs::path& folder) {
  if (!fs::exists(folder)) return;
  std::vector<fs::path> unfinished;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("step-") && name.find(".tmp.") != std::string::npos) {
      unfinished.push_back(entry.path());
    }
  }
  for (const fs::path& path : unfinished) fs::remove_all(path);
}

}  // namespace helip::train
