#include "model/locked_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "common/digest.h"
#include "common/error.h"
#include "common/publish.h"
#include "common/text.h"
#include "model/json_fields.h"
#include "model/preprocess_config.h"

namespace helip::model {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kFormat = "helip_model/1";
constexpr const char* kKind = "locked_towers";
constexpr std::size_t kHexDigits = 64;

PinnedFile read_file(JsonFields& fields, const fs::path& folder) {
  const std::string name = fields.text("file");
  const fs::path path(name);
  const bool climbs =
      std::any_of(path.begin(), path.end(), [](const auto& p) { return p == ".."; });
  if (name.empty() || path.is_absolute() || climbs) {
    fields.fail("file", "wrong value", "a path inside the model's folder", name);
  }
  const std::string sha256 = fields.text("sha256");
  if (sha256.size() != kHexDigits ||
      sha256.find_first_not_of("0123456789abcdef") != std::string::npos) {
    fields.fail("sha256", "wrong value", "64 lower-case hex digits", sha256);
  }
  return {folder / path, sha256};
}

void require(JsonFields& fields, const std::string& key, const std::string& expected) {
  const std::string found = fields.text(key);
  if (found != expected) fields.fail(key, "not a model that can be read", expected, found);
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
  fs::create_hard_link(fs::canonical(file.path, error), target, error);
  if (error) fs::copy_file(file.path, target, error);
  if (error) {
    throw StoreError({.what = "cannot copy the model's file to " + target.string(),
                      .where = file.path.string(),
                      .found = error.message()});
  }
  verify({target, file.sha256});
}

Json to_json(const LockedConfig& config, const std::string& image_file,
             const std::string& text_file, const std::string& tokenizer_file) {
  const Json tokenizer = {{"kind", config.text.tokenizer_kind},
                          {"file", tokenizer_file},
                          {"sha256", config.text.tokenizer.sha256},
                          {"context_length", config.text.context_length}};
  return {{"format", kFormat},
          {"kind", kKind},
          {"embed_dim", config.embed_dim},
          {"heads", {{"hidden", config.hidden}, {"dropout", config.dropout}}},
          {"image_tower",
           {{"file", image_file},
            {"sha256", config.image.file.sha256},
            {"feature_dim", config.image.feature_dim},
            {"preprocess", preprocess_json(config.image.preprocess)}}},
          {"text_tower",
           {{"file", text_file},
            {"sha256", config.text.file.sha256},
            {"feature_dim", config.text.feature_dim},
            {"tokenizer", tokenizer}}}};
}

}  // namespace

LockedConfig read_locked_config(const fs::path& folder) {
  const fs::path file = folder / kLockedConfigFile;
  const Json json = parse_json_object(read_text_file(file), file.string());
  JsonFields fields(json, file.string());
  require(fields, "format", kFormat);
  require(fields, "kind", kKind);
  LockedConfig config;
  config.embed_dim = fields.positive("embed_dim");

  JsonFields heads = fields.object("heads");
  config.hidden = heads.positive("hidden");
  config.dropout = heads.number("dropout", 0.0);
  if (!(config.dropout >= 0 && config.dropout < 1)) {
    heads.fail("dropout", "wrong value", "at least 0, below 1", cat(config.dropout));
  }
  heads.finish();

  JsonFields image = fields.object("image_tower");
  config.image.file = read_file(image, folder);
  config.image.feature_dim = image.positive("feature_dim");
  JsonFields preprocess = image.object("preprocess");
  config.image.preprocess = read_preprocess(preprocess, {});
  image.finish();

  JsonFields text = fields.object("text_tower");
  config.text.file = read_file(text, folder);
  config.text.feature_dim = text.positive("feature_dim");
  JsonFields tokenizer = text.object("tokenizer");
  config.text.tokenizer_kind = tokenizer.text("kind");
  if (config.text.tokenizer_kind != "wordpiece" && config.text.tokenizer_kind != "clip_bpe") {
    tokenizer.fail("kind", "not supported", "wordpiece or clip_bpe", config.text.tokenizer_kind);
  }
  config.text.tokenizer = read_file(tokenizer, folder);
  config.text.context_length = static_cast<int>(tokenizer.positive("context_length"));
  tokenizer.finish();
  text.finish();
  fields.finish();
  return config;
}

void verify_files(const LockedConfig& config) {
  verify(config.image.file);
  verify(config.text.file);
  verify(config.text.tokenizer);
}

void write_locked_files(const LockedConfig& config, const fs::path& folder) {
  // Fixed names: the sources may come from several folders and share a base name.
  const std::string image_file = "image_tower" + config.image.file.path.extension().string();
  const std::string text_file = "text_tower" + config.text.file.path.extension().string();
  // ".txt.gz" and the like stay whole: the tokenizer may go by it.
  const std::string name = config.text.tokenizer.path.filename().string();
  const std::size_t dot = name.find('.');
  const std::string tokenizer_file =
      "tokenizer" + (dot == std::string::npos ? std::string() : name.substr(dot));
  place(config.image.file, folder / image_file);
  place(config.text.file, folder / text_file);
  place(config.text.tokenizer, folder / tokenizer_file);
  publish_file(folder / kLockedConfigFile,
               to_json(config, image_file, text_file, tokenizer_file).dump(2) + "\n");
}

std::string digest_of_towers(const LockedConfig& config) {
  const Json what = {{"image_tower", config.image.file.sha256},
                     {"image_feature_dim", config.image.feature_dim},
                     {"preprocess", preprocess_json(config.image.preprocess)},
                     {"text_tower", config.text.file.sha256},
                     {"text_feature_dim", config.text.feature_dim},
                     {"tokenizer_kind", config.text.tokenizer_kind},
                     {"tokenizer", config.text.tokenizer.sha256},
                     {"context_length", config.text.context_length}};
  return sha256_hex(what.dump());
}

}  // namespace helip::model
