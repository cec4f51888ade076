// A corpus as the web gives it: among good samples every kind of damage, each of which must be
// named once and never crash or eat memory.
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>

#include "common/error.h"
#include "common/json.h"
#include "data/corpus/corpus.h"
#include "data/corpus/index_corpus.h"
#include "data/corpus/quarantine.h"
#include "data/corpus/reason_count.h"
#include "data/corpus/tar_reader.h"
#include "data/corpus_support.h"
#include "data/image/image.h"
#include "data/import/open_or_index.h"
#include "mining/encode/encode_inputs.h"
#include "support/peak_memory.h"
#include "support/sanitized.h"
#include "support/temporary_folder.h"

namespace helip::mining {
namespace {

using test::kTarEnd;
using test::tar_member;

// One damaged sample: its members without their key, and how the reason begins (empty: it is good).
struct Kind {
  struct Member {
    std::string extension, content;
    bool is_link;
  };
  std::string name;
  std::vector<Member> members;
  std::string reason;

  [[nodiscard]] std::string with_key(const std::string& key) const {
    std::string tar;
    for (const Member& member : members) {
      tar += tar_member(key + "." + member.extension, member.content, member.is_link ? '2' : '0');
    }
    return tar;
  }
};

// What support/damaged_samples.py wrote.
std::vector<Kind> kinds() {
  data::TarReader tar(HELIP_DAMAGED_SAMPLES);
  Json reasons;
  std::vector<Kind> all;
  while (const auto member = tar.next()) {
    const std::string content = test::text_of(tar.read_all());
    if (member->name == "kinds.json") {
      reasons = Json::parse(content);
      continue;
    }
    const std::size_t dot = member->name.find('.');
    const std::string name = member->name.substr(0, dot);
    if (all.empty() || all.back().name != name) all.push_back({name, {}, reasons.at(name)});
    all.back().members.push_back({member->name.substr(dot + 1), content, member->is_link});
  }
  return all;
}

std::string good(const std::string& key) {
  return tar_member(key + ".png", test::png(static_cast<int>(key.size()))) +
         tar_member(key + ".txt", "picture " + key);
}

// What a job that encodes from pixels puts aside.
std::vector<data::QuarantineEntry> quarantine_of_inputs(const data::Corpus& corpus) {
  constexpr std::size_t kBatch = 16;
  data::PreprocessConfig preprocess;
  preprocess.size = 8;
  std::vector<data::QuarantineEntry> entries;
  for (std::uint64_t first = 0; first < corpus.size(); first += kBatch) {
    const auto rows = std::min<std::uint64_t>(kBatch, corpus.size() - first);
    const EncodeInputs inputs = read_encode_inputs(corpus, &preprocess, {}, first, rows, kBatch);
    const auto empty = std::count(inputs.captions.begin(), inputs.captions.end(), "");
    CHECK(static_cast<std::size_t>(empty) == inputs.unusable_captions.size());
    CHECK(read_encode_inputs(corpus, nullptr, {}, first, rows, kBatch).quarantine.size() ==
          inputs.unusable_captions.size());
    entries.insert(entries.end(), inputs.quarantine.begin(), inputs.quarantine.end());
  }
  return entries;
}

// While it lives the process may not grow by more than `bytes`, besides the stacks of the threads
// that read shards: one thread for each core, eight at most. One heap for all threads, or each
// would take 64 MiB of addresses for its own.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t bytes) {
    constexpr std::uint64_t kThreads = 8;
    ::mallopt(M_ARENA_MAX, 1);
    rlimit stack{};
    ::getrlimit(RLIMIT_STACK, &stack);
    bytes += kThreads * std::min<std::uint64_t>(stack.rlim_cur, 16ULL << 20);
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    ::getrlimit(RLIMIT_AS, &before_);
    rlimit limit = before_;
    limit.rlim_cur = pages * 4096 + bytes;
    ::setrlimit(RLIMIT_AS, &limit);
  }
  ~MemoryLimit() { ::setrlimit(RLIMIT_AS, &before_); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit before_{};
};

// Where a sample lies and why it is named. A wanted reason is only the beginning of the reason.
struct Named {
  std::string shard;
  std::uint64_t offset = 0;
  std::string reason;
};

void check_named(const std::map<std::string, Named>& found,
                 const std::map<std::string, Named>& wanted) {
  for (const auto& [key, named] : wanted) {
    CAPTURE(key, named.reason);
    REQUIRE(found.count(key) == 1);
    CHECK(found.at(key).shard == named.shard);
    CHECK(found.at(key).offset == named.offset);
    CHECK(found.at(key).reason.substr(0, named.reason.size()) == named.reason);
  }
  CHECK(found.size() == wanted.size());
}

// Without a lid: where memory is refused libpng goes on without the chunk, and nothing shows.
TEST_CASE("no image takes memory for what its file inflates to") {
  const auto all = kinds();
  REQUIRE(std::count_if(all.begin(), all.end(),
                        [](const Kind& kind) { return kind.name.starts_with("bomb_"); }) == 4);
  for (const Kind& kind : all) {
    for (const Kind::Member& member : kind.members) {
      CAPTURE(kind.name, member.extension);
      const test::PeakMemory memory;
      try {
        data::decode_image(test::bytes_of(member.content), {});
      } catch (const DataError&) {
        // Whether the sample is usable is not asked here.
      }
      if (!test::kSanitized) CHECK(memory.growth() < 64ULL << 20);
    }
  }
}

TEST_CASE("every kind of damage is named, counted and survived, with a lid on memory") {
  constexpr std::size_t kRounds = 2;  // of each kind
  constexpr std::size_t kGood = 9;    // for each damaged sample
  const test::TemporaryFolder folder;
  const auto shards = folder.path() / "shards";
  const auto all = kinds();
  REQUIRE(std::count_if(all.begin(), all.end(),
                        [](const auto& kind) { return !kind.reason.empty(); }) >= 20);
  std::map<std::string, Named> wanted;  // by key
  std::map<std::string, Named> wanted_repeated;
  std::size_t samples = 0;
  for (std::size_t round = 0; round < kRounds; ++round) {
    std::string tar;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string key = cat("bad", round, "-", i);
      if (!all[i].reason.empty()) wanted[key] = {cat(round, ".tar"), tar.size(), all[i].reason};
      tar += all[i].with_key(key);
      for (std::size_t g = 0; g < kGood; ++g) tar += good(cat("good", round, "-", i, "-", g));
      samples += 1 + kGood;
    }
    // The key of an earlier sample.
    wanted_repeated[cat("good", round, "-0-0")] = {cat(round, ".tar"), tar.size(),
                                                   "the key of an earlier sample"};
    tar += good(cat("good", round, "-0-0"));
    ++samples;
    test::write_file(shards / cat(round, ".tar"), tar + kTarEnd);
  }
  const std::string cut = good("last") + good("lost");
  test::write_file(shards / "2.tar", cut.substr(0, good("last").size() + 600));
  test::write_file(shards / "3.tar", "");
  test::write_file(shards / "sizes.json", R"({"2.tar": 2})");
  test::write_file(shards / "3_stats.json", R"({"successes": 4})");
  samples += 6;  // one good, one lost, four of an empty shard

  std::optional<MemoryLimit> limit;
  if (!test::kSanitized) limit.emplace(256ULL << 20);  // less than a bomb inflates to
  const auto index = data::open_or_index({.path = shards.string()}, folder.path() / "index");
  const data::Corpus corpus = data::Corpus::open(index);
  const auto unusable_pairs = unusable_samples(corpus, {}, 0, corpus.size(), {});
  for (int again = 0; again < 2; ++again) {
    CHECK(data::quarantine_to_json(
              unusable_samples(corpus, {}, 0, corpus.size(), folder.path() / "cache")) ==
          data::quarantine_to_json(unusable_pairs));
  }
  data::write_quarantine(index, corpus.size(), unusable_pairs);
  CHECK(data::quarantine_to_json(quarantine_of_inputs(corpus)) ==
        data::quarantine_to_json(unusable_pairs));

  std::map<std::string, Named> found;
  std::map<std::string, Named> repeated;
  std::vector<Json> ends;
  for (const char* const name : {"quarantine.jsonl", data::kUnpairedFile}) {
    std::ifstream lines(index / name);
    for (std::string line; std::getline(lines, line);) {
      const auto entry = Json::parse(line);
      const auto key = entry.at("key").get<std::string>();
      const Named named = {entry.at("shard"), entry.at("offset"), entry.at("reason")};
      if (entry.value("samples", 1) == 0) {
        CHECK(repeated.emplace(key, named).second);
      } else if (entry.at("shard") == "2.tar" || entry.at("shard") == "3.tar") {
        ends.push_back(entry);
      } else {
        CHECK(found.emplace(key, named).second);
      }
    }
  }
  check_named(found, wanted);
  check_named(repeated, wanted_repeated);
  REQUIRE(ends.size() == 2);
  CHECK(ends[0].at("shard") == "2.tar");
  CHECK(ends[0].at("offset") == good("last").size());
  CHECK(ends[1].at("shard") == "3.tar");
  CHECK(ends[1].at("offset") == 0);
  CHECK(test::contains(ends[0].at("reason"), "the member lost.png is cut off"));
  CHECK(test::contains(ends[0].at("reason"), "truncated tar"));
  CHECK(test::contains(ends[0].at("reason"), "; 1 sample lost"));
  CHECK(test::contains(ends[1].at("reason"), "empty tar"));
  CHECK(ends[1].at("samples") == 4);
  CHECK(corpus.manifest().repeated_keys == kRounds);

  const std::size_t unusable = wanted.size() + 5;
  const std::size_t in_all =
      corpus.size() + data::total_of(data::count_reasons(index / data::kUnpairedFile));
  CHECK(in_all == samples);
  const auto refuse = [&](double limit_share) {
    data::refuse_too_many(corpus.size(), limit_share, index, index / "quarantine.jsonl");
  };
  const std::string error = test::error_of<DataError>([&] { refuse(0.05); });
  CAPTURE(error);
  CHECK(test::contains(error, cat(unusable, " of ", in_all)));
  CHECK(test::contains(error, "at most 5 % (corpus.max_quarantined)"));
  CHECK(test::contains(error, "6 × image format is not known"));
  CHECK(test::contains(error, (index / "quarantine.jsonl").string()));
  CHECK_NOTHROW(refuse(0.2));
}

}  // namespace
}  // namespace helip::mining
