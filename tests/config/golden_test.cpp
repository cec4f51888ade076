// The resolved text of configurations and their digests. A digest that changes refuses the work
// directories of earlier builds: change the golden files only together with the configuration's
// keys, and say so in CHANGELOG.md.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "common/digest.h"
#include "common/publish.h"
#include "common/text.h"
#include "config/parse.h"
#include "every_key.h"

namespace helip::config {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(HELIP_SOURCE_DIR) / "tests/golden/config";

// A configuration as if its file were in /configs.
RunConfig placed(const std::string& yaml) {
  return parse_config(yaml, "c.yaml", "/configs", {"output.work_dir=/work"});
}

RunConfig mostly_defaults() {
  return placed("corpus: {path: c}\nmodel: {architecture: ViT-B-16}\ntrain: {steps: 9}\n");
}

std::string line_of(const std::string& name, const RunConfig& config) {
  return cat(name, " ", sha256_hex(to_yaml(config)), " ", training_digest(config), " ",
             config_digest(config), " ", report_digest(config), "\n");
}

}  // namespace

TEST_CASE("the resolved configuration is the golden text to the byte") {
  CHECK(to_yaml(mostly_defaults()) == read_text_file(kGolden / "default.yaml"));
}

TEST_CASE("text and digests of the named configurations are the golden ones") {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(HELIP_SOURCE_DIR) / "configs")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string found = "# name, sha256 of to_yaml, digests of training, results and report\n" +
                      line_of("default", mostly_defaults()) + line_of("every_key", every_key());
  for (const fs::path& file : files) {
    found += line_of(file.stem().string(), placed(read_text_file(file)));
  }
  CHECK(found == read_text_file(kGolden / "digests.txt"));
}

}  // namespace helip::config
