#include "eval/image_folder.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/log.h"
#include "data/corpus_support.h"
#include "eval/eval_dataset_check.h"
#include "support/temporary_folder.h"

namespace helip::eval {
namespace {

using test::contains;

struct FolderTest {
  test::TemporaryFolder folder;
  std::filesystem::path root = folder.path() / "pets";

  FolderTest() {
    test::write_file(root / "test/dog/b.PNG", "dog b");
    test::write_file(root / "test/dog/a/c.jpeg", "dog a/c");
    test::write_file(root / "test/Cat/1.webp", "cat 1");
    test::write_file(root / "test/.hidden/x.png", "x");
    test::write_file(root / "zeroshot_classification_templates.txt", "a {c}\n");
  }
  [[nodiscard]] std::string error(const std::vector<config::EvalTask>& tasks) const {
    return test::error_of<DataError>([&] {
      check_dataset({.name = "pets", .path = root.string(), .tasks = tasks, .split = "test"});
    });
  }
};

TEST_CASE_METHOD(FolderTest, "folders are classes in the order of their names, as in ImageFolder") {
  const Dataset dataset = read_dataset(root, "test");
  // Python's order: capitals first.
  CHECK(dataset.classnames == std::vector<std::string>{"Cat", "dog"});
  REQUIRE(dataset.samples.size() == 3);
  CHECK(dataset.samples[0].key == "Cat/1.webp");
  CHECK(dataset.samples[0].labels == Labels{0});
  CHECK(dataset.samples[1].key == "dog/a/c.jpeg");
  CHECK(dataset.samples[2].key == "dog/b.PNG");
  CHECK(dataset.samples[2].labels == Labels{1});
  CHECK(test::text_of(read_image(dataset, dataset.samples[2])) == "dog b");
  CHECK(error({config::EvalTask::kZeroShot}).empty());

  const std::string fingerprint = dataset.fingerprint;
  CHECK(read_dataset(root, "test").fingerprint == fingerprint);
  test::write_file(root / "test/dog/b.PNG", "dog c");
  CHECK(read_dataset(root, "test").fingerprint != fingerprint);
}

TEST_CASE_METHOD(FolderTest, "classnames.txt names the folders, one a line") {
  test::write_file(root / "classnames.txt", "a cat\na dog\n");
  CHECK(read_dataset(root, "test").classnames == std::vector<std::string>{"a cat", "a dog"});
  test::write_file(root / "classnames.txt", "a cat\n");
  const std::string expected =
      "classnames.txt: class names and class folders do not match; expected 2 lines, one for each "
      "folder of test in the order of their names; found 1 lines";
  CHECK(contains(test::error_of<DataError>([&] { read_dataset(root, "test"); }), expected));
  CHECK(contains(error({config::EvalTask::kZeroShot}), expected));
}

TEST_CASE_METHOD(FolderTest, "what cannot be scored is named, and other files are counted") {
  CHECK(contains(error({config::EvalTask::kRetrieval}), "folders of classes have no captions"));
  test::write_file(root / "test/dog/notes.txt", "x");
  test::write_file(root / "test/dog/.DS_Store", "x");
  const auto file = folder.path() / "log";
  log::start("test", log::Level::kWarning, file);
  CHECK(list_images(root / "test").size() == 3);
  log::start("test", log::Level::kWarning);
  CHECK(contains(read_text_file(file), "test: 1 files are no images, as "));

  const auto with = [&](const char* name, const char* content) {
    test::write_file(root / "test/dog" / name, content);
    const std::string message = error({config::EvalTask::kZeroShot});
    CHECK(test::error_of<DataError>([&] { read_dataset(root, "test"); }) == message);
    std::filesystem::remove(root / "test/dog" / name);
    return message;
  };
  CHECK(contains(with("d.tif", "x"), "dog/d.tif: an image of a kind that is not read"));
  CHECK(contains(with("d.png", ""), "dog/d.png: an image is empty"));
  std::filesystem::create_directory(root / "test/empty");
  CHECK(contains(error({config::EvalTask::kZeroShot}), "empty: a class has no image"));
}

TEST_CASE_METHOD(FolderTest, "splits with other class folders are refused: labels would differ") {
  const std::vector<config::EvalTask> probe = {config::EvalTask::kLinearProbe};
  test::write_file(root / "train/Cat/1.png", "x");
  CHECK(contains(error(probe),
                 "train: the splits have different class folders; expected 'dog', as "
                 "in test; found no further folder"));
  test::write_file(root / "train/dog/1.png", "x");
  CHECK(error(probe).empty());
  test::write_file(root / "train/elk/1.png", "x");
  CHECK(contains(error(probe), "expected no further folder, as in test; found 'elk'"));
  std::filesystem::remove_all(root / "train");
  test::write_file(root / "train/nshards.txt", "1");
  CHECK(contains(error(probe), "the splits have different layouts"));
}

}  // namespace
}  // namespace helip::eval
