#include "eval/eval_dataset.h"

#include <catch2/catch.hpp>

#include "common/error.h"
#include "common/log.h"
#include "data/corpus_support.h"
#include "data/text/text_lines.h"
#include "eval/eval_dataset_check.h"
#include "eval/task_inputs.h"
#include "support/temporary_folder.h"

namespace helip::eval {
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
                     "a photo of a {c}.\na drawing of a {c}.\n");
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
  std::size_t check(std::vector<config::EvalTask> tasks) const {
    return check_dataset({.name = "birds", .path = root.string(), .tasks = std::move(tasks)});
  }
};

TEST_CASE_METHOD(DatasetTest, "classes, templates and labelled images are read in order") {
  const Dataset dataset = read_dataset(root, "test");
  CHECK(dataset.classnames == std::vector<std::string>{"blue tit", "magpie"});
  CHECK(dataset.templates == std::vector<std::string>{"a photo of a {c}.", "a drawing of a {c}."});
  REQUIRE(dataset.samples.size() == 3);
  CHECK(dataset.samples[0].labels == Labels{1});
  CHECK(dataset.samples[1].labels == Labels{0});
  CHECK(dataset.samples[1].key == "s0000001");
  CHECK(test::text_of(read_image(dataset, dataset.samples[2])) == "image 2");
  CHECK(test::text_of(read_image(dataset, dataset.samples[0])) == "image 0");
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
  CHECK(dataset.samples[0].captions == std::vector<std::string>{"one", "", "two words", "three"});
  CHECK(dataset.samples[0].labels.empty());
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
                 "a label that is none of the classes; expected 0 to 1"));
  CHECK(contains(with(tar_member("a.png", "x") + tar_member("a.cls", "one")), "not a number"));
  CHECK(contains(with(tar_member("a.png", "x") + tar_member("a.cls", "-1")), "not a number"));
  CHECK(contains(with(tar_member("a.png", "x")), "some samples have a class and some have none"));
  CHECK(contains(with(tar_member("a.cls", "0") + tar_member("a.gif", "x")),
                 "1.tar: a: a sample has no image; expected KEY.{webp,png,jpg,jpeg}; found only "
                 ".cls, .gif"));
  CHECK(
      contains(with(tar_member("a.png", "x") + tar_member("a.jpg", "y")),
               "a.jpg: a sample has two images; expected one image a sample; found .png and .jpg"));
  CHECK(contains(with(tar_member("a.png", "") + tar_member("a.cls", "0")), "an image is empty"));
  CHECK(contains(with(tar_member("a.png", "x") + tar_member("a.txt", "\xFF")), "not valid UTF-8"));
  CHECK(contains(with(tar_member("a.png", "x").substr(0, 140)), "1.tar: byte"));
  REQUIRE(error().empty());
  test::write_file(root / "test/nshards.txt", "3");
  CHECK(contains(error(), "2.tar: a shard of the data set is missing; expected 3 shards"));
  CHECK(contains(error(), "0.tar to 2.tar; found 2 tars, the first 0.tar"));
  std::filesystem::rename(root / "test", root / "kept");
  test::write_file(root / "test/nshards.txt", "1");
  CHECK(contains(error(), "0.tar: a shard of the data set is missing"));
  CHECK(contains(error(), "found no tars"));
  test::write_file(root / "test/00000.tar", kTarEnd);
  CHECK(contains(error(), "found 1 tar, 00000.tar"));
  std::filesystem::remove_all(root / "test");
  std::filesystem::rename(root / "kept", root / "test");
  test::write_file(root / "test/nshards.txt", "0");
  CHECK(contains(error(),
                 "the data set has no samples; expected samples in its tars; found none in 0"));
  test::write_file(root / "test/nshards.txt", "many");
  CHECK(contains(error(), "not a number"));
  std::filesystem::remove(root / "test/nshards.txt");
  const std::string missing = "a file of the data set is missing; expected a file; found ";
  CHECK(contains(error(), "nshards.txt: " + missing + "nothing"));
  std::filesystem::create_directory(root / "test/nshards.txt");
  CHECK(contains(error(), "nshards.txt: " + missing + "a folder"));
  std::filesystem::remove(root / "test/nshards.txt");
  test::write_file(root / "test/nshards.txt", "2");
}

TEST_CASE_METHOD(DatasetTest, "a .cls file may hold several labels, each of the classes and once") {
  const auto with = [&](const std::string& labels) {
    test::write_file(root / "test/1.tar",
                     tar_member("a.png", "x") + tar_member("a.cls", labels) + kTarEnd);
    return error();
  };
  for (const char* text : {"1 0", "1\n0\n", " 1\t0 "}) {
    CHECK(with(text).empty());
    CHECK(read_dataset(root, "test").samples[2].labels == Labels{1, 0});
    CHECK(check({config::EvalTask::kZeroShot}) == 2);
  }
  CHECK(contains(with("1 1"), "a sample has a label twice; expected each label once; found '1'"));
  CHECK(contains(with("0 2"), "a label that is none of the classes; expected 0 to 1"));
  CHECK(contains(with("0 x"), "not a number; expected a whole number, 0 or more; found 'x'"));
  test::write_file(root / "train/nshards.txt", "1");
  test::write_file(root / "train/0.tar",
                   tar_member("t.png", "x") + tar_member("t.cls", "0 1") + kTarEnd);
  REQUIRE(with("1").empty());
  CHECK(contains(test::error_of<DataError>([&] { check({config::EvalTask::kLinearProbe}); }),
                 "0.tar: t: the linear probe needs one label a sample; expected one; found 2"));
}

TEST_CASE_METHOD(DatasetTest, "a link in place of a part of a sample ends the evaluation") {
  const auto with = [&](const std::string& members) {
    test::write_file(root / "test/1.tar", members + kTarEnd);
    return error();
  };
  const std::string good = tar_member("a.png", "x") + tar_member("a.cls", "1");
  for (const char type : {'1', '2'}) {
    for (const char* name : {"x.PNG", "x.cls", "x.txt", "d/x.webp"}) {
      INFO(type << ' ' << name);
      CHECK(contains(with(good + tar_member(name, "", type)),
                     std::string("1.tar: ") + name + ": a part of a sample is a link"));
    }
    CHECK(with(good + tar_member("x.json", "", type) + tar_member(".x.png", "", type)).empty());
  }
}

TEST_CASE_METHOD(DatasetTest, "the check before an evaluation has its rules and its words") {
  const auto expect_both = [&](const std::string& content, const std::string& words) {
    INFO(words);
    test::write_file(root / "test/1.tar", content);
    const std::string line = error();
    CHECK(contains(line, words));
    CHECK(test::error_of<DataError>([&] { check({config::EvalTask::kZeroShot}); }) == line);
  };
  const std::string image = tar_member("a.png", "x"), label = tar_member("a.cls", "0");
  expect_both(image + label + kTarEnd, "");
  expect_both(image + label + tar_member("a.jpg", "x") + kTarEnd, "a sample has two images");
  expect_both(image + label + label + kTarEnd, "a sample has no image");
  expect_both(tar_member("a.png", "") + label + kTarEnd, "an image is empty");
  expect_both(image + tar_member("a.cls", "one") + kTarEnd, "not a number");
  expect_both(image + tar_member("a.cls", " ") + kTarEnd, "found nothing");
  expect_both(image + label + tar_member("a.txt", "\xFF") + kTarEnd, "not valid UTF-8");
  expect_both(image + label + tar_member("a.txt", std::string((1 << 20) + 1, 'a')) + kTarEnd,
              "a.txt: a part of a sample is too large; expected at most 1048576 bytes");
  expect_both(image + tar_member("a.cls", std::string(1025, ' ')) + kTarEnd,
              "a.cls: a part of a sample is too large; expected at most 1024 bytes");
  expect_both(image + label + tar_member("b.png", "", '2') + kTarEnd, "b.png: a part of a sample");
  expect_both(image + label + kTarEnd + image + label + kTarEnd, "a second archive behind");
  expect_both(image + label + kTarEnd + "no member", "");
}

TEST_CASE_METHOD(DatasetTest,
                 "the check before a retrieval looks at labels as the retrieval does") {
  const auto message_of = [](const std::function<void()>& action) {
    return test::error_of<DataError>(action);
  };
  const auto expect_both = [&](const std::string& label, const std::string& words) {
    INFO(words);
    test::write_file(root / "test/1.tar",
                     tar_member("a.png", "x") + tar_member("a.txt", "a cat") + label + kTarEnd);
    CHECK(contains(message_of([&] { read_dataset(root, "test"); }), words));
    CHECK(contains(message_of([&] { check({config::EvalTask::kRetrieval}); }), words));
  };
  test::write_file(root / "test/0.tar", tar_member("b.png", "x") + tar_member("b.txt", "a dog") +
                                            tar_member("b.cls", "0") + kTarEnd);
  expect_both(tar_member("a.cls", "1"), "");
  expect_both(tar_member("a.cls", "2"), "a label that is none of the classes; expected 0 to 1");
  expect_both("",
              "some samples have a class and some have none; expected KEY.cls in each sample "
              "or in none; found no .cls here, unlike in b");
}

TEST_CASE_METHOD(DatasetTest, "a JSON list of class names or templates is no list of lines") {
  for (const char* text : {R"(["a", "b"])", "[\n  \"a {c}\",\n  \"{c}\"\n]\n"}) {
    test::write_file(root / "classnames.txt", text);
    CHECK(contains(error(), "classnames.txt: the file is a JSON list; expected a class a line"));
    test::write_file(root / "classnames.txt", "[a]\nmagpie [bird]\n");
    CHECK(error().empty());
    test::write_file(root / "zeroshot_classification_templates.txt", text);
    CHECK(contains(error(), "the file is a JSON list; expected a template a line"));
    test::write_file(root / "zeroshot_classification_templates.txt", "{c}");
  }
}

TEST_CASE_METHOD(DatasetTest, "members without an extension are counted in a warning") {
  test::write_file(root / "test/1.tar", tar_member("a.png", "x") + tar_member("a.cls", "1") +
                                            tar_member("d/b", "x") + tar_member("c", "x") +
                                            tar_member(".d", "x") + tar_member("__e__", "x") +
                                            tar_member("f", "", '5') + kTarEnd);
  const auto file = folder.path() / "log";
  log::start("test", log::Level::kWarning, file);
  CHECK(read_dataset(root, "test").samples.size() == 3);
  log::start("test", log::Level::kWarning);
  CHECK(contains(read_text_file(file),
                 "1.tar: 2 members without an extension are part of no sample, as d/b"));
}

TEST_CASE_METHOD(DatasetTest, "a shard without an end mark is read, and warned of") {
  const auto warnings_of = [&](const std::string& end) {
    test::write_file(root / "test/1.tar",
                     tar_member("a.png", "x") + tar_member("a.cls", "1") + end);
    const auto file = folder.path() / "log";
    log::start("test", log::Level::kWarning, file);
    CHECK(read_dataset(root, "test").samples.size() == 3);
    check({config::EvalTask::kZeroShot});
    log::start("test", log::Level::kWarning);
    const std::string text = read_text_file(file);
    std::filesystem::remove(file);
    std::size_t count = 0;
    for (std::size_t at = 0;
         (at = text.find("1.tar: the tar has no end mark; 1 samples", at)) != std::string::npos;
         ++at) {
      ++count;
    }
    return count;
  };
  CHECK(warnings_of(kTarEnd) == 0);
  CHECK(warnings_of(std::string(512, '\0')) == 0);
  CHECK(warnings_of("") == 2);  // one by the evaluation, one by the check before it
  CHECK(warnings_of(std::string(100, '\0')) == 2);
}

TEST_CASE_METHOD(DatasetTest, "numbers of shards and classes are told from what is none") {
  for (const char* text :
       {"", " \n", "1.0", "1 2", "-1", "0x2", "99999999999999999999", "\x00\x01"}) {
    INFO(text);
    test::write_file(root / "test/nshards.txt", text);
    const std::string line = error();
    CHECK(contains(line, "nshards.txt: not a number; expected a whole number, 0 or more; found "));
    CHECK_FALSE(line.ends_with("found "));
  }
  test::write_file(root / "test/nshards.txt", std::string(400, '9'));
  CHECK(error().size() < 400);
  for (const char* text : {"2", " 2 ", "2\n\n", "2\r\n",
                           "\xEF\xBB\xBF"
                           "2"}) {
    test::write_file(root / "test/nshards.txt", text);
    CHECK(error().empty());
  }
}

TEST_CASE_METHOD(DatasetTest, "a template names its class as {c} and in no other way") {
  const auto with = [&](const std::string& templates) {
    test::write_file(root / "zeroshot_classification_templates.txt", templates);
    return error();
  };
  CHECK(contains(with("a {c}.\na photo\n"), "templates.txt:2: a template without its class"));
  CHECK(contains(with("a photo of a {}.\n"), "{c} in each line; found 'a photo of a {}.'"));
  CHECK(contains(with("a {c} in {place}\n"), "another placeholder than {c}"));
  CHECK(contains(with("a {c"), "a template without its class"));
  CHECK(with("{c} and {c}\n\n").empty());
}

TEST_CASE_METHOD(DatasetTest, "a blank line of the class names keeps its place") {
  test::write_file(root / "classnames.txt",
                   "\xEF\xBB\xBF"
                   "cat\r\n \r\nsmall bird\n\n");
  CHECK(read_class_names(root) == std::vector<std::string>{"cat", "", "small bird", ""});
}

TEST_CASE("lines are those of Python's splitlines, each without white space at its ends") {
  using Lines = std::vector<std::string>;
  CHECK(data::python_lines("").empty());
  CHECK(data::python_lines("\n") == Lines{""});
  CHECK(data::python_lines("a") == Lines{"a"});
  CHECK(data::python_lines("a\n") == Lines{"a"});
  CHECK(data::python_lines("a\n\n") == Lines{"a", ""});
  CHECK(data::python_lines("\na\rb\r\nc") == Lines{"", "a", "b", "c"});
  CHECK(data::python_lines("a\vb\fc\x1c"
                           "d\x1d"
                           "e\x1e"
                           "f\xC2\x85g\xE2\x80\xA8h\xE2\x80\xA9i") ==
        Lines{"a", "b", "c", "d", "e", "f", "g", "h", "i"});
  CHECK(data::python_lines(" a \t\n") == Lines{"a"});
  CHECK(data::blank_lines({"a", "b"}) == "");
  CHECK(data::blank_lines({"a", "", "b", ""}) == "2, 4");
  CHECK(data::blank_lines(Lines(9, "")) == "1, 2, 3, 4, 5 and 4 more");
}

TEST_CASE("what a task needs of a sample is there or the sample is named") {
  const auto sample = [](const std::string& key, Labels labels, std::vector<std::string> texts) {
    return DatasetSample{
        .key = key, .image = {}, .labels = std::move(labels), .captions = std::move(texts)};
  };
  const Dataset whole{.classnames = {"cat", "", "bird"},
                      .templates = {"a {c}", "{c}, {c}"},
                      .samples = {sample("a", {2}, {"one", ""}), sample("b", {0, 1}, {"ONE"})},
                      .files = {},
                      .fingerprint = {}};
  CHECK(labels_of(whole, "set/test") == std::vector<Labels>{{2}, {0, 1}});
  CHECK(test::error_of<DataError>([&] { single_labels_of(whole, "set/test"); }) ==
        "set/test b: the linear probe needs one label a sample; expected one; found 2");
  CHECK(prompts_of(whole, "set/test") ==
        std::vector<std::string>{"a cat", "cat, cat", "a ", ", ", "a bird", "bird, bird"});
  const TaskCaptions captions = captions_of(whole, config::EqualCaptions::kHits, "set/test");
  CHECK(captions.texts == std::vector<std::string>{"one", "", "ONE"});
  CHECK(captions.of_image == std::vector<std::vector<std::size_t>>{{0, 1}, {2}});
  CHECK(captions.group == std::vector<std::uint64_t>{0, 1, 0});
  const TaskCaptions strict = captions_of(whole, config::EqualCaptions::kStrict, "set/test");
  CHECK(strict.texts == captions.texts);
  CHECK(strict.group == std::vector<std::uint64_t>{0, 1, 2});

  const auto with = [&](const DatasetSample& last) {
    Dataset dataset = whole;
    dataset.samples.push_back(last);
    return dataset;
  };
  const auto labels_error = [&](const Dataset& dataset) {
    return test::error_of<DataError>([&] { labels_of(dataset, "set/test"); });
  };
  const auto captions_error = [&](const Dataset& dataset) {
    return test::error_of<DataError>(
        [&] { captions_of(dataset, config::EqualCaptions::kHits, "set/test"); });
  };
  CHECK(labels_error(with(sample("c", {}, {}))) ==
        "set/test c: a sample has no label of the data set's classes; expected KEY.cls with 0 … 2; "
        "found none");
  CHECK(contains(labels_error(with(sample("c", {3}, {}))), "found 3"));
  CHECK(captions_error(with(sample("c", {0}, {}))) ==
        "set/test c: an image has no caption; expected KEY.txt with a caption in each line; found "
        "none");
  CHECK(contains(captions_error(with(sample("c", {0}, {"", " "}))), "found blank lines"));
  Dataset bare = whole;
  bare.templates.clear();
  bare.classnames.clear();
  CHECK(contains(labels_error(bare), "the data set has no classes"));
  CHECK(contains(test::error_of<DataError>([&] { prompts_of(bare, "x"); }), "no prompt templates"));
}

}  // namespace
}  // namespace helip::eval
