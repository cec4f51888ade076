#include "eval/dataset_stamp.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "data/corpus_support.h"
#include "support/temporary_folder.h"

namespace helip::eval {
namespace {

TEST_CASE("a stamp changes with what scoring reads, and with nothing else") {
  const test::TemporaryFolder folder;
  const auto root = folder.path() / "icons";
  test::write_file(root / "classnames.txt", "a\nb\n");
  test::write_file(root / "test/nshards.txt", "1\n");
  test::write_file(root / "test/0.tar", "tar");
  test::write_file(root / "train/0.tar", "train");
  config::EvalDataset dataset = {.name = "icons",
                                 .path = root.string(),
                                 .tasks = {config::EvalTask::kRetrieval},
                                 .split = "test"};
  const auto touch = [&](const char* name) {
    const auto file = root / name;
    std::filesystem::last_write_time(
        file, std::filesystem::last_write_time(file) + std::chrono::milliseconds(1));
  };
  const std::string stamp = dataset_stamp(dataset);
  CHECK(dataset_stamp(dataset) == stamp);

  SECTION("its size") { test::write_file(root / "test/0.tar", "tars"); }
  SECTION("its time of change alone") { touch("test/0.tar"); }
  SECTION("a further file") { test::write_file(root / "test/1.tar", "tar"); }
  SECTION("a file less") { std::filesystem::remove(root / "test/0.tar"); }
  SECTION("class names") { touch("classnames.txt"); }
  SECTION("templates that are new") {
    test::write_file(root / "zeroshot_classification_templates.txt", "a {c}\n");
  }
  SECTION("the split that a linear probe learns from, of a linear probe alone") {
    touch("train/0.tar");
    CHECK(dataset_stamp(dataset) == stamp);
    dataset.tasks = {config::EvalTask::kLinearProbe};
    const std::string probe = dataset_stamp(dataset);
    touch("train/0.tar");
    CHECK(dataset_stamp(dataset) != probe);
  }
  CHECK(dataset_stamp(dataset) != stamp);
}

TEST_CASE("a data set that cannot be listed has no stamp") {
  const test::TemporaryFolder folder;
  const config::EvalDataset dataset = {.name = "icons",
                                       .path = folder.path().string(),
                                       .tasks = {config::EvalTask::kRetrieval},
                                       .split = "test"};
  CHECK(test::contains(test::error_of<DataError>([&] { dataset_stamp(dataset); }),
                       "the files of a data set cannot be listed"));
}

}  // namespace
}  // namespace helip::eval
