#include "model/files/two_tower_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/text.h"
#include "model/files/json_fields.h"
#include "model/files/preprocess_config.h"

namespace helip::model {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "helip_model/1";
constexpr std::array<std::pair<TowersKind, const char*>, 3> kKinds = {
    {{TowersKind::kLocked, "locked_towers"},
     {TowersKind::kTrained, "towers"},
     {TowersKind::kFeatures, "features"}}};
constexpr std::array<std::pair<HeadKind, const char*>, 3> kHeadKinds = {
    {{HeadKind::kMlp, "mlp"}, {HeadKind::kLinear, "linear"}, {HeadKind::kNone, "none"}}};
constexpr const char* kNotReadable = "not a model that can be read";
constexpr std::size_t kHexDigits = 64;

std::string read_sha256(JsonFields& fields) {
  std::string sha256 = fields.text("sha256");
  if (sha256.size() != kHexDigits ||
      sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    fields.fail("sha256", "wrong value", "64 lower-case hex digits", sha256);
  }
  return sha256;
}

PinnedFile read_file(JsonFields& fields, const fs::path& folder) {
  const std::string name = fields.text("file");
  const fs::path path(name);
  const bool climbs =
      std::any_of(path.begin(), path.end(), [](const auto& p) { return p == ".."; });
  if (name.empty() || path.is_absolute() || climbs) {
    fields.fail("file", "wrong value", "a path inside the model's folder", name);
  }
  return {folder / path, read_sha256(fields)};
}

// Data, not code, and often too much to copy: it may lie anywhere.
PinnedFile read_features(JsonFields& fields, const fs::path& folder) {
  const std::string name = fields.text("features");
  if (name.empty()) fields.fail("features", "wrong value", "a .npy or a folder of them", name);
  return {folder / name, read_sha256(fields)};
}

std::string read_train(JsonFields& fields) {
  constexpr std::string_view kFrom = "from:";
  std::string train = fields.text("train", kTrainNothing);
  const bool from = train.starts_with(kFrom) && train.size() > kFrom.size();
  if (train != kTrainNothing && train != "all" && !from) {
    fields.fail("train", "wrong value", "none, all or from:LAYER", train);
  }
  return train;
}

void require(JsonFields& fields, const std::string& key, const std::string& expected) {
  const std::string found = fields.text(key);
  if (found != expected) fields.fail(key, kNotReadable, expected, found);
}

// Returns what the key's text names in `names`. Throws ConfigError, with `what`, for another text.
template <typename Kind, std::size_t kCount>
Kind read_kind(JsonFields& fields, const std::array<std::pair<Kind, const char*>, kCount>& names,
               const std::string& what, const std::optional<std::string>& fallback = {}) {
  const std::string found = fields.text("kind", fallback);
  std::string expected;
  for (const auto& [kind, name] : names) {
    if (found == name) return kind;
    expected += (expected.empty() ? "" : ", ") + std::string(name);
  }
  fields.fail("kind", what, expected, found);
}

template <typename Kind, std::size_t kCount>
const char* name_in(const std::array<std::pair<Kind, const char*>, kCount>& names, Kind kind) {
  for (const auto& [known, name] : names) {
    if (known == kind) return name;
  }
  return "";
}

HeadDescription read_head(JsonFields fields) {
  HeadDescription head;
  head.kind = read_kind(fields, kHeadKinds, "wrong value", name_in(kHeadKinds, HeadKind::kMlp));
  if (head.kind == HeadKind::kMlp) {
    head.hidden = fields.positive("hidden");
    head.dropout = fields.number("dropout", 0.0);
    if (!(head.dropout >= 0 && head.dropout < 1)) {
      fields.fail("dropout", "wrong value", "at least 0, below 1", cat(head.dropout));
    }
  }
  fields.finish();
  return head;
}

void read_tower(JsonFields& fields, const fs::path& folder, TowersKind kind,
                TwoTowerConfig::TowerDescription& tower) {
  tower.feature_dim = fields.positive("feature_dim");
  tower.file =
      kind == TowersKind::kFeatures ? read_features(fields, folder) : read_file(fields, folder);
  if (kind == TowersKind::kTrained) tower.train = read_train(fields);
}

// A tower without a head of its own has the common one, which nobody may give in vain.
void read_heads(JsonFields& fields, JsonFields& image, JsonFields& text, TwoTowerConfig& config) {
  const std::array<std::pair<JsonFields*, HeadDescription*>, 2> towers = {
      {{&image, &config.image.head}, {&text, &config.text.head}}};
  std::optional<HeadDescription> common;
  for (const auto& [tower, head] : towers) {
    if (tower->has("head")) {
      *head = read_head(tower->object("head"));
      continue;
    }
    if (!common) common = read_head(fields.object("heads"));
    *head = *common;
  }
}

// Without a head the features are rows of the joint space.
void check_head(JsonFields& tower, const TwoTowerConfig::TowerDescription& described,
                std::int64_t embed_dim) {
  if (described.head.kind != HeadKind::kNone || described.feature_dim == embed_dim) return;
  tower.fail("feature_dim", "a tower without a head gives rows of the joint space",
             cat(embed_dim, ", as embed_dim"), cat(described.feature_dim));
}

TowerTokenizer read_tokenizer(JsonFields fields, const fs::path& folder) {
  TowerTokenizer tokenizer;
  const std::string name = fields.text("kind");
  const auto kind = find_tokenizer_kind(name);
  if (!kind) fields.fail("kind", "not supported", "wordpiece, clip_bpe or byte_level_bpe", name);
  tokenizer.kind = *kind;
  tokenizer.file = read_file(fields, folder);
  tokenizer.context_length = static_cast<int>(fields.positive("context_length"));
  if (fields.has("pad_id")) {
    const double id = fields.number("pad_id");
    if (tokenizer.kind != TokenizerKind::kByteLevelBpe || id < 0 || id != std::floor(id)) {
      fields.fail("pad_id", "wrong value", "a token's id, of a byte_level_bpe tokenizer", cat(id));
    }
    tokenizer.pad_id = static_cast<std::int64_t>(id);
  }
  fields.finish();
  return tokenizer;
}

void read_towers(JsonFields& fields, const fs::path& folder, TwoTowerConfig& config) {
  JsonFields image = fields.object("image_tower");
  JsonFields text = fields.object("text_tower");
  read_tower(image, folder, config.kind, config.image);
  read_tower(text, folder, config.kind, config.text);
  read_heads(fields, image, text, config);
  check_head(image, config.image, config.embed_dim);
  check_head(text, config.text, config.embed_dim);
  if (config.kind != TowersKind::kFeatures) {
    JsonFields preprocess = image.object("preprocess");
    config.image.preprocess = read_preprocess(preprocess, {});
    config.text.tokenizer = read_tokenizer(text.object("tokenizer"), folder);
  }
  image.finish();
  text.finish();
}

void verify(const PinnedFile& file) {
  const std::string found = sha256_file(file.path);
  if (found != file.sha256) {
    throw StoreError({.what = "the file is not the one that the model names",
                      .where = file.path.string(),
                      .expected = "sha256 " + file.sha256,
                      .found = found});
  }
}

void place(const PinnedFile& file, const fs::path& target) {
  std::error_code error;
  if (fs::equivalent(file.path, target, error)) return verify({target, file.sha256});
  fs::create_hard_link(fs::canonical(file.path, error), target, error);
  if (error) fs::copy_file(file.path, target, error);
  if (error) {
    throw StoreError({.what = "cannot copy the model's file to " + target.string(),
                      .where = file.path.string(),
                      .found = error.message()});
  }
  verify({target, file.sha256});
}

Json head_json(const HeadDescription& head) {
  if (head.kind != HeadKind::kMlp) return {{"kind", name_in(kHeadKinds, head.kind)}};
  return {{"hidden", head.hidden}, {"dropout", head.dropout}};
}

Json origin_json(const TwoTowerConfig& config, const TwoTowerConfig::TowerDescription& tower) {
  Json json = {{"tower", tower.is_trained() ? "trained " + tower.train : tower.file.sha256},
               {"feature_dim", tower.feature_dim}};
  if (config.kind == TowersKind::kFeatures) json["corpus"] = config.corpus_fingerprint;
  return json;
}

Json features_json(const TwoTowerConfig::TowerDescription& features) {
  return {{"features", fs::absolute(features.file.path).lexically_normal().string()},
          {"sha256", features.file.sha256},
          {"feature_dim", features.feature_dim}};
}

Json tower_json(TowersKind kind, const TwoTowerConfig::TowerDescription& tower,
                const std::string& name) {
  Json json = {{"file", name}, {"sha256", tower.file.sha256}, {"feature_dim", tower.feature_dim}};
  if (kind == TowersKind::kTrained) json["train"] = tower.train;
  return json;
}

Json tokenizer_json(const TowerTokenizer& tokenizer, const std::string& name) {
  Json json = {{"kind", name_of(tokenizer.kind)},
               {"file", name},
               {"sha256", tokenizer.file.sha256},
               {"context_length", tokenizer.context_length}};
  if (tokenizer.pad_id) json["pad_id"] = *tokenizer.pad_id;
  return json;
}

}  // namespace

TwoTowerConfig read_two_tower_config(const fs::path& folder) {
  const fs::path file = folder / kTwoTowerConfigFile;
  const Json json = parse_json_object(read_text_file(file), file.string());
  JsonFields fields(json, file.string());
  require(fields, "format", kFormat);
  TwoTowerConfig config;
  config.kind = read_kind(fields, kKinds, kNotReadable);
  config.embed_dim = fields.positive("embed_dim");
  if (config.kind == TowersKind::kFeatures) {
    config.corpus_fingerprint = fields.text("corpus_fingerprint");
  }
  read_towers(fields, folder, config);
  fields.finish();
  if (config.kind == TowersKind::kTrained && !config.input_kinds().any(InputKind::kRaw)) {
    fields.fail("kind", "no tower is trained", "locked_towers, or train: all or from:LAYER",
                "towers");
  }
  return config;
}

void verify_files(const TwoTowerConfig& config) {
  if (config.kind == TowersKind::kFeatures) return;
  verify(config.image.file);
  verify(config.text.file);
  verify(config.text.tokenizer->file);
}

void write_two_towers(const TwoTowerConfig& config, const fs::path& folder) {
  Json json = {
      {"format", kFormat}, {"kind", name_in(kKinds, config.kind)}, {"embed_dim", config.embed_dim}};
  if (config.kind == TowersKind::kFeatures) {
    json["corpus_fingerprint"] = config.corpus_fingerprint;
    json["image_tower"] = features_json(config.image);
    json["text_tower"] = features_json(config.text);
  } else {
    // Fixed names: the sources may come from several folders and share a base name.
    const std::string image_file = "image_tower" + config.image.file.path.extension().string();
    const std::string text_file = "text_tower" + config.text.file.path.extension().string();
    // ".txt.gz" and the like stay whole: the tokenizer may go by it.
    const TowerTokenizer& tokenizer = *config.text.tokenizer;
    const std::string name = tokenizer.file.path.filename().string();
    const std::size_t dot = name.find('.');
    const std::string tokenizer_file =
        "tokenizer" + (dot == std::string::npos ? std::string() : name.substr(dot));
    place(config.image.file, folder / image_file);
    place(config.text.file, folder / text_file);
    place(tokenizer.file, folder / tokenizer_file);
    json["image_tower"] = tower_json(config.kind, config.image, image_file);
    json["image_tower"]["preprocess"] = preprocess_json(config.image.preprocess);
    json["text_tower"] = tower_json(config.kind, config.text, text_file);
    json["text_tower"]["tokenizer"] = tokenizer_json(tokenizer, tokenizer_file);
  }
  if (config.image.head == config.text.head) {
    json["heads"] = head_json(config.image.head);
  } else {
    json["image_tower"]["head"] = head_json(config.image.head);
    json["text_tower"]["head"] = head_json(config.text.head);
  }
  publish_file(folder / kTwoTowerConfigFile, json.dump(2) + "\n");
}

std::string digest_of_image_tower(const TwoTowerConfig& config) {
  Json what = origin_json(config, config.image);
  if (config.kind != TowersKind::kFeatures) {
    what["preprocess"] = preprocess_json(config.image.preprocess);
  }
  return sha256_hex(what.dump());
}

std::string digest_of_text_tower(const TwoTowerConfig& config) {
  Json what = origin_json(config, config.text);
  if (config.text.tokenizer) {
    what["tokenizer"] = tokenizer_json(*config.text.tokenizer, "");
  }
  return sha256_hex(what.dump());
}

std::string digest_of_towers(const TwoTowerConfig& config) {
  return sha256_hex(
      cat("image ", digest_of_image_tower(config), "\ntext ", digest_of_text_tower(config), "\n"));
}

}  // namespace helip::model
