#include "data/dataset.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "corpus_support.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

using test::contains;
using test::kTarEnd;
using test::tar_member;

struct DatasetTest {
  test::TemporaryFolder folder;
  std::filesystem::path root = folder.path() / "birds";

  DatasetTest() {
    test::write_file(root / "classnames.txt", "blue tit\nmagpie\n");
    test::write_file(root / "zeroshot_classification_templates.txt",
                     "a photo of a {c}.\na drawing of a {c}.\n\n");
    test::write_file(root / "test/nshards.txt", "2\n");
    test::write_file(root / "test/0.tar", tar_member("s0000000.webp", "image 0") +
                                              tar_member("s0000000.cls", "1") +
                                              tar_member("s0000001.cls", "0\n") +
                                              tar_member("s0000001.jpg", "image 1") + kTarEnd);
    test::write_file(root / "test/1.tar", tar_member("s0000002.png", "image 2") +
                                              tar_member("s0000002.cls", "1") + kTarEnd);
  }
  [[nodiscard]] std::string error() const {
    return test::error_of<DataError>([&] { read_dataset(root, "test"); });
  }
};

TEST_CASE_METHOD(DatasetTest, "classes, templates and labelled images are read in order") {
  const Dataset dataset = read_dataset(root, "test");
  CHECK(dataset.classnames == std::vector<std::string>{"blue tit", "magpie"});
  CHECK(dataset.templates == std::vector<std::string>{"a photo of a {c}.", "a drawing of a {c}."});
  REQUIRE(dataset.samples.size() == 3);
  CHECK(dataset.samples[0].label == 1);
  CHECK(dataset.samples[1].label == 0);
  CHECK(dataset.samples[1].key == "s0000001");
  CHECK(test::text_of(dataset.samples[2].image) == "image 2");
  CHECK(dataset.fingerprint == sha256_hex(sha256_file(root / "test/0.tar") + "\n" +
                                          sha256_file(root / "test/1.tar") + "\n"));
}

TEST_CASE_METHOD(DatasetTest, "retrieval sets have captions, one a line, and no classes") {
  const auto flowers = folder.path() / "flowers";
  test::write_file(flowers / "val/nshards.txt", "1");
  test::write_file(flowers / "val/0.tar",
                   tar_member("a.jpg", "x") + tar_member("a.txt", "one\r\n\n two words \nthree") +
                       tar_member("b.jpg", "y") + tar_member("b.txt", "four") + kTarEnd);
  const Dataset dataset = read_dataset(flowers, "val");
  CHECK(dataset.classnames.empty());
  REQUIRE(dataset.samples.size() == 2);
  CHECK(dataset.samples[0].captions == std::vector<std::string>{"one", "two words", "three"});
  CHECK(dataset.samples[0].label == -1);
}

TEST_CASE_METHOD(DatasetTest, "what is missing or contradicts itself is named") {
  CHECK(contains(test::error_of<DataError>([&] { read_dataset(root, "val"); }), "no such split"));
  CHECK(contains(test::error_of<DataError>([&] { read_dataset(root / "x", "test"); }),
                 "does not exist"));
  const auto with = [&](const std::string& members) {
    const std::string whole = read_text_file(root / "test/1.tar");
    test::write_file(root / "test/1.tar", members + kTarEnd);
    const std::string message = error();
    test::write_file(root / "test/1.tar", whole);
    return message;
  };
  CHECK(contains(with(tar_member("a.png", "x") + tar_member("a.cls", "2")),
                 "a class without a name; expected below 2"));
  CHECK(contains(with(tar_member("a.png", "x") + tar_member("a.cls", "one")), "not a number"));
  CHECK(contains(with(tar_member("a.png", "x") + tar_member("a.cls", "-1")), "not a number"));
  CHECK(contains(with(tar_member("a.png", "x")), "some samples have a class and some have none"));
  CHECK(contains(with(tar_member("a.cls", "0")), "1.tar: a: a sample has no image"));
  CHECK(contains(with(tar_member("a.png", "x") + tar_member("a.jpg", "y")), "two images"));
  CHECK(contains(with(tar_member("a.png", "") + tar_member("a.cls", "0")), "an image is empty"));
  CHECK(contains(with(tar_member("a.png", "x") + tar_member("a.txt", "\xFF")), "not valid UTF-8"));
  CHECK(contains(with(tar_member("a.png", "x").substr(0, 140)), "1.tar: byte"));
  REQUIRE(error().empty());
  test::write_file(root / "test/nshards.txt", "3");
  CHECK(contains(error(), "2.tar: a shard of the data set is missing; expected 3 shards"));
  test::write_file(root / "test/nshards.txt", "0");
  CHECK(contains(error(), "the data set has no samples"));
  test::write_file(root / "test/nshards.txt", "many");
  CHECK(contains(error(), "not a number"));
  std::filesystem::remove(root / "test/nshards.txt");
  CHECK(contains(error(), "nshards.txt: a file of the data set is missing"));
  test::write_file(root / "test/nshards.txt", "2");
  test::write_file(root / "zeroshot_classification_templates.txt", "a photo\n");
  CHECK(contains(error(), "a template without its class"));
}

}  // namespace
}  // namespace helip::data
