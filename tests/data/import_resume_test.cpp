// Imports that are killed in the middle and started again.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <map>

#include "common/error.h"
#include "corpus_support.h"
#include "data/corpus/corpus.h"
#include "data/import/corpus_import.h"
#include "data/import/import_shards.h"
#include "support/temporary_folder.h"

namespace helip::data {
namespace {

constexpr int kPairs = 40;

struct ResumeTest {
  test::TemporaryFolder folder;
  std::filesystem::path in = folder.path() / "in";
  std::filesystem::path staging = folder.path() / "out.import";

  ResumeTest() {
    for (int i = 0; i < kPairs; ++i) {
      const std::string image = test::png(i, 20 + i, 10);
      test::write_file(in / cat(i, ".png"), i % 10 == 3   ? image.substr(0, 60)
                                            : i % 10 == 5 ? image.substr(0, image.size() - 12)
                                                          : image);
      if (i % 10 != 7) test::write_file(in / cat(i, ".txt"), cat("picture ", i));
    }
  }
  [[nodiscard]] ImportOptions options(const std::string& out) const {
    ImportOptions options;
    options.sources = {in.string()};
    options.out = folder.path() / out;
    options.images.max_side = 30;
    options.samples_per_shard = 5;
    options.threads = 2;
    options.max_left_out = 1;
    return options;
  }
  // Imports in a process of its own, which is killed after `pairs` pairs.
  void killed_after(std::uint64_t pairs, const ImportOptions& options) const {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      import_corpus(options, [&](std::uint64_t done, std::uint64_t) {
        if (done == pairs) ::kill(::getpid(), SIGKILL);
      });
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
  }
};

std::map<std::string, std::string> content_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> content;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    content[entry.path().filename().string()] = read_text_file(entry.path());
  return content;
}

TEST_CASE_METHOD(ResumeTest,
                 "a killed import goes on after its last whole shard, to the same bytes") {
  const ImportReport whole = import_corpus(options("whole"));
  CHECK(whole.noted.at("a PNG ends before its end chunk").count == kPairs / 10);
  const auto wanted = content_of(folder.path() / "whole");
  for (const std::uint64_t kill : {1ULL, 9ULL, 20ULL, 35ULL}) {
    CAPTURE(kill);
    const ImportOptions settings = options("out");
    killed_after(kill, settings);
    CHECK(!std::filesystem::exists(settings.out));
    std::uint64_t first = 0;
    const ImportReport report = import_corpus(settings, [&](std::uint64_t done, std::uint64_t) {
      if (first == 0) first = done;
    });
    // Less than a shard, with what was left out within it, is done again.
    CHECK(first + 8 > kill);
    if (kill > 10) CHECK(first > 5);
    CHECK(content_of(settings.out) == wanted);
    CHECK(report.rewritten == whole.rewritten);
    CHECK(report.left_out == whole.left_out);
    CHECK(report.noted == whole.noted);
    CHECK(!std::filesystem::exists(staging));
    std::filesystem::remove_all(settings.out);
  }
  // Killed again and again.
  for (const std::uint64_t kill : {8ULL, 16ULL, 24ULL, 32ULL}) killed_after(kill, options("out"));
  import_corpus(options("out"));
  CHECK(content_of(folder.path() / "out") == wanted);
}

TEST_CASE_METHOD(ResumeTest, "what is damaged in the unfinished folder is made again") {
  import_corpus(options("whole"));
  const auto wanted = content_of(folder.path() / "whole");
  const auto corpus = staging / "corpus";
  const std::vector<std::function<void()>> damages = {
      [&] { test::write_file(corpus / "00001.tar", "not that shard"); },
      [&] { std::filesystem::remove(corpus / "00000.tar"); },
      [&] { test::write_file(corpus / "other.txt", "a stray file"); },
      [&] {
        const std::string lines = read_text_file(staging / "progress.jsonl");
        test::write_file(staging / "progress.jsonl", lines.substr(0, lines.size() - 7));
      },
      [&] { test::write_file(staging / "progress.jsonl", "torn"); },
  };
  for (const auto& damage : damages) {
    killed_after(30, options("out"));
    damage();
    import_corpus(options("out"));
    CHECK(content_of(folder.path() / "out") == wanted);
    std::filesystem::remove_all(folder.path() / "out");
  }
}

TEST_CASE_METHOD(ResumeTest, "shards of other sources or options are not taken over") {
  for (const int other : {0, 1, 2}) {
    killed_after(30, options("out"));
    ImportOptions settings = options("out");
    if (other == 2) {
      // Decoded in no time at all.
      settings.images.max_decode_seconds = 59;
      CHECK(import_identity(settings) != import_identity(options("out")));
    } else if (other == 1) {
      test::write_file(in / "0.png", test::png(99, 25, 11));
    } else {
      settings.images.max_side = 25;
    }
    import_corpus(settings);
    settings.out = folder.path() / "fresh";
    import_corpus(settings);
    CHECK(content_of(folder.path() / "out") == content_of(settings.out));
    std::filesystem::remove_all(folder.path() / "out");
    std::filesystem::remove_all(settings.out);
  }
}

TEST_CASE_METHOD(ResumeTest, "what was left out under a higher limit counts under a lower one") {
  killed_after(30, options("out"));
  ImportOptions settings = options("out");
  settings.max_left_out = 0.01;
  bool went_on = false;
  const std::string error = test::error_of<DataError>(
      [&] { import_corpus(settings, [&](std::uint64_t, std::uint64_t) { went_on = true; }); });
  CHECK(test::contains(error, "too much is left out"));
  CHECK(!went_on);
}

TEST_CASE_METHOD(ResumeTest, "two imports into one folder do not meet") {
  const ImportShards first(folder.path() / "out", 5, "identity");
  CHECK(test::contains(test::error_of<ConfigError>([&] { import_corpus(options("out")); }),
                       "another import works on this folder"));
}

}  // namespace
}  // namespace helip::data
