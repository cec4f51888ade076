#include "model/files/model_files.h"

#include <catch2/catch.hpp>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "golden_file.h"
#include "model/files/folder_draft.h"
#include "model/files/model_digest.h"
#include "model/files/parameter_spec.h"
#include "model/files/two_tower_config.h"
#include "store/safetensors.h"
#include "support/json_edit.h"
#include "support/temporary_folder.h"

using namespace helip;
using namespace helip::model;
namespace fs = std::filesystem;

namespace {

constexpr auto kModel = FolderWeights::kWholeModel;
constexpr auto kHeads = FolderWeights::kHeads;

// A copy of the golden locked-towers folder that a test may damage.
void copy_locked(const fs::path& folder) {
  fs::create_directories(folder);
  for (const char* name :
       {"helip_model.json", "image_tower.ts", "text_tower.ts", "vocab.txt", "heads.safetensors"}) {
    fs::copy_file(test::golden("locked_towers") / name, folder / name);
  }
}

}  // namespace

TEST_CASE("a folder of shards is named by what saved it, with the way to one file") {
  const test::TemporaryFolder folder;
  const auto refusal_of = [&](const std::string& file, const std::string& named = {}) {
    const fs::path place = folder.path() / file;
    fs::create_directories(place.parent_path());
    test::write_text(place, "x");
    return test::message_of<ConfigError>(
        [&] { find_weights(named.empty() ? place.parent_path() : folder.path() / named, kModel); });
  };
  for (const auto& [file, named] : std::vector<std::pair<std::string, std::string>>{
           {"a/zero_to_fp32.py", ""},
           {"b/global_step1/mp_rank_00_model_states.pt", ""},
           {"c/global_step1/mp_rank_00_model_states.pt", "c"}}) {
    CHECK_THAT(refusal_of(file, named), Catch::Contains("found shards of DeepSpeed: join them"));
  }
  CHECK_THAT(refusal_of("d/__0_0.distcp"), Catch::Contains("found shards of PyTorch (.distcp)"));
  CHECK_THAT(refusal_of("e/model.safetensors.index.json"),
             Catch::Contains("found shards that model.safetensors.index.json lists"));
  CHECK_THAT(refusal_of("f/best.pt"), Catch::Contains("found a folder with best.pt: name that"));
}

TEST_CASE("an architecture is found by name, by file and by folder") {
  const test::TemporaryFolder folder;
  const fs::path installed = fs::path(HELIP_SOURCE_DIR) / "configs/models";
  const auto clip_of = [&](const std::string& name) {
    return std::get<OpenClipConfig>(find_architecture(name, installed).description);
  };
  const auto slip_of = [&](const std::string& name) {
    return std::get<SlipDescription>(find_architecture(name, installed).description).architecture;
  };
  CHECK(clip_of("ViT-B-32").architecture.vision.patch_size == 32);
  const std::string file = (installed / "ViT-B-16.json").string();
  CHECK(clip_of(file).architecture.vision.patch_size == 16);

  fs::create_directories(folder.path() / "model");
  fs::copy_file(test::golden("open_clip_model/config.json"),
                folder.path() / "model" / kOpenClipConfigFile);
  const OpenClipConfig clip = clip_of((folder.path() / "model").string());
  CHECK(clip.architecture.embed_dim == 24);
  CHECK(clip.preprocess_given);

  CHECK(slip_of("SLIP_VITS16").vision.heads() == 12);
  CHECK(slip_of("SLIP_VITS16").ssl_head);
  CHECK(slip_of("CLIP_VITL16").ssl_head == std::nullopt);

  for (const char* towers : {"locked_towers", "locked_towers/helip_model.json"}) {
    const auto source = find_architecture(test::golden(towers).string(), installed);
    CHECK(std::get<TwoTowerFolder>(source.description).path == test::golden("locked_towers"));
    CHECK(source.file == test::golden("locked_towers/helip_model.json"));
    CHECK(folder_weights(source) == kHeads);
    CHECK(find_two_towers(source)->kind == TowersKind::kLocked);
  }
}

TEST_CASE("an architecture that is not there is refused with the names that are") {
  const test::TemporaryFolder folder;
  const fs::path installed = fs::path(HELIP_SOURCE_DIR) / "configs/models";
  const auto refuse = [&](const std::string& name) {
    return test::message_of<ConfigError>([&] { find_architecture(name, installed); });
  };
  CHECK(refuse("ViT-B-17").find("ViT-B-16, ViT-B-16-plus, ViT-B-16-plus-240, ViT-B-16-quickgelu") !=
        std::string::npos);
  CHECK(refuse("../models/ViT-B-16").find("no such model") != std::string::npos);
  CHECK(refuse("SIMCLR_VITB16").find("no text tower") != std::string::npos);
  CHECK(refuse("").find("no such model") != std::string::npos);
  CHECK(refuse(folder.path().string()).find("holds no model") != std::string::npos);
}

TEST_CASE("weights are found in a file, a model folder and a checkpoint") {
  const test::TemporaryFolder folder;
  const auto touch = [&](const char* name) {
    fs::create_directories((folder.path() / name).parent_path());
    test::write_text(folder.path() / name, "x");
    return folder.path() / name;
  };
  const fs::path file = touch("w.safetensors");
  CHECK(find_weights(file, kModel) == file);
  const fs::path model = touch("model/open_clip_model.safetensors");
  CHECK(find_weights(model.parent_path(), kModel) == model);
  const fs::path heads = touch("locked/heads.safetensors");
  CHECK(find_weights(heads.parent_path(), kHeads) == heads);
  const fs::path step = touch("checkpoints/step-00000100/model.safetensors");
  CHECK(find_weights(step.parent_path(), kModel) == step);
  CHECK(find_weights(step.parent_path(), kHeads) == step);
  CHECK_THROWS_AS(find_weights(model.parent_path(), kHeads), ConfigError);
  CHECK_THROWS_AS(find_weights(folder.path() / "nothing", kModel), ConfigError);
  for (const char* name : {"w.pt", "w.pth", "w.bin"}) {
    CHECK(find_weights(touch(name), kModel) == folder.path() / name);
  }
  const fs::path torch = touch("hub/open_clip_pytorch_model.bin");
  CHECK(find_weights(torch.parent_path(), kModel) == torch);
  CHECK_THROWS_AS(find_weights(torch.parent_path(), kHeads), ConfigError);
  const fs::path other = touch("weights.npz");
  const auto refusal = [&](FolderWeights weights, const WeightsPlace& place) {
    return test::message_of<ConfigError>([&] { find_weights(other, weights, place); });
  };
  CHECK(refusal(kModel, {}) ==
        "model.init: no weights there; expected random, a file (.safetensors, .pt, .pth, .bin or "
        ".ckpt), "
        "or a folder with open_clip_model.safetensors, model.safetensors or "
        "open_clip_pytorch_model.bin; found " +
            other.string());
  CHECK(refusal(kHeads, {.name = "IN", .may_be_random = false})
            .starts_with(
                "IN: no weights there; expected a file (.safetensors, .pt, .pth, .bin or .ckpt), "
                "or a folder with heads.safetensors or model.safetensors; found"));
  CHECK(refusal(kModel, {.name = "encoder.model.init"})
            .starts_with("encoder.model.init: no weights there; expected random, a file"));
}

TEST_CASE("a SLIP checkpoint tells its architecture, others do not") {
  CHECK(architecture_of_weights(test::golden("checkpoints/slip.pt")) == "SLIP_VITS16");
  CHECK(architecture_of_weights(test::golden("checkpoints/open_clip.pt")).empty());
}

TEST_CASE("a file of SLIP's SIMCLR_ models tells a name, which is refused for its missing tower") {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "simclr.safetensors";
  const std::vector<float> token(384);
  store::write_safetensors(
      file,
      {{"module.visual.cls_token",
        {.dtype = "F32", .shape = {1, 1, 384}, .data = std::as_bytes(std::span(token))}}},
      {});
  const std::string name = architecture_of_weights(file);
  CHECK(name == "SIMCLR_VITS16");
  const std::string message =
      test::message_of<ConfigError>([&] { find_architecture(name, folder.path()); });
  CHECK(message.find("no text tower") != std::string::npos);
}

TEST_CASE("a folder appears as a whole or not at all") {
  const test::TemporaryFolder folder;
  const fs::path target = folder.path() / "model";
  {
    FolderDraft draft(target);
    test::write_text(draft.path() / "half", "x");
  }
  CHECK(fs::is_empty(folder.path()));
  FolderDraft draft(target.string() + "/");
  test::write_text(draft.path() / "file", "x");
  CHECK_FALSE(fs::exists(target));
  draft.publish();
  CHECK(test::read_text(target / "file") == "x");
  CHECK_THROWS_AS(FolderDraft(target), StoreError);
  CHECK(test::read_text(target / "file") == "x");
}

TEST_CASE("a model's digest follows the contents of its files, not their place") {
  const test::TemporaryFolder folder;
  const fs::path here = folder.path() / "here";
  const fs::path there = folder.path() / "there";
  copy_locked(here);
  copy_locked(there);
  const auto digest = [](const fs::path& architecture, const std::string& init) {
    config::ModelConfig config;
    config.architecture = architecture.string();
    config.init = init;
    return model_digest(config);
  };
  const std::string first = digest(here, here.string());
  CHECK(digest(there, there.string()) == first);
  CHECK(digest(here, (there / "heads.safetensors").string()) == first);
  CHECK(digest(here, "random") != first);
  test::write_text(there / "heads.safetensors", "other weights");
  CHECK(digest(here, there.string()) != first);
  CHECK_THROWS_AS(digest(here, (folder.path() / "nothing").string()), ConfigError);

  config::ModelConfig random;
  random.architecture = here.string();
  const std::string seed_0 = model_digest(random);
  random.init_seed = 1;
  CHECK(model_digest(random) != seed_0);
}
