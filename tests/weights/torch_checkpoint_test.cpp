#include "weights/torch_checkpoint.h"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

#include "common/error.h"
#include "common/publish.h"
#include "golden_checkpoints.h"
#include "support/temporary_folder.h"
#include "weights/zip_file.h"

using namespace helip;
using namespace helip::weights;
namespace fs = std::filesystem;

namespace {

TorchCheckpoint checkpoint_of(const Tensors& tensors) {
  return {.tensors = {tensors.begin(), tensors.end()}};
}

}  // namespace

TEST_CASE("a checkpoint that is written reads back to the bit, in every dtype and shape") {
  const test::TemporaryFolder folder;
  for (const char* name : {"dtypes", "strides", "open_clip"}) {
    INFO(name);
    const Tensors tensors = test::expected_tensors(name);
    const fs::path path = folder.path() / name;
    TorchCheckpoint checkpoint = checkpoint_of(tensors);
    checkpoint.epoch = 7;
    checkpoint.name = "a run";
    write_torch_checkpoint(path, checkpoint);
    const WeightsFile file = WeightsFile::open(path);
    CHECK(test::difference(file.tensors(), tensors) == "");
    CHECK(file.facts().epoch == 7);
    CHECK(file.facts().name == "a run");
    write_torch_checkpoint(folder.path() / "again", checkpoint);
    CHECK(read_text_file(path) == read_text_file(folder.path() / "again"));
  }
}

TEST_CASE("training arguments are written as a Namespace and read back") {
  const test::TemporaryFolder folder;
  const fs::path path = folder.path() / "slip.pt";
  TorchCheckpoint checkpoint = checkpoint_of(test::expected_tensors("slip"));
  checkpoint.prefix = "module.";
  checkpoint.args = {{"model", "SLIP_VITS16"},
                     {"none", nullptr},
                     {"yes", true},
                     {"lr", 3e-3},
                     {"small", std::int64_t{-7}},
                     {"large", std::numeric_limits<std::int64_t>::min()}};
  write_torch_checkpoint(path, checkpoint);
  const WeightsFile file = WeightsFile::open(path);
  CHECK(file.facts().args == checkpoint.args);
  CHECK(file.facts().layout == Layout::kSlip);
  CHECK(test::difference(file.tensors(), test::expected_tensors("slip")) == "");
}

TEST_CASE("tensors begin at multiples of 64 bytes, so that torch.load can map them") {
  const test::TemporaryFolder folder;
  const fs::path path = folder.path() / "a.pt";
  write_torch_checkpoint(path, checkpoint_of(test::expected_tensors("dtypes")));
  const ZipFile zip = ZipFile::open(path);
  const auto* const begin =
      zip.entries().at("archive/data.pkl").bytes.data() - read_text_file(path).find("\x80\x02}(");
  std::size_t records = 0;
  for (const auto& [name, entry] : zip.entries()) {
    if (name.find("/data/") == std::string::npos) continue;
    CHECK((entry.bytes.data() - begin) % 64 == 0);
    ++records;
  }
  CHECK(records == test::expected_tensors("dtypes").size());
}

TEST_CASE("a dtype that PyTorch has no storage for is refused, and no file appears") {
  const test::TemporaryFolder folder;
  const std::vector<std::byte> four(4);
  CHECK_THROWS_WITH(
      write_torch_checkpoint(folder.path() / "a.pt",
                             {.tensors = {{"w", {.dtype = "U32", .shape = {1}, .data = four}}}}),
      Catch::Contains("'w'") && Catch::Contains("U32"));
  CHECK(fs::is_empty(folder.path()));
}
