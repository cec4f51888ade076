#include "cli/preflight/corpus_count.h"

#include <cmath>
#include <system_error>
#include <vector>

#include "common/error.h"
#include "common/json.h"
#include "common/path_kind.h"
#include "common/publish.h"
#include "data/corpus/manifest.h"
#include "data/corpus/tar_headers.h"
#include "data/corpus/webdataset.h"
#include "data/import/shard_list.h"

namespace helip::cli {
namespace {

namespace fs = std::filesystem;

std::uint64_t bytes_of(const fs::path& shard) {
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(shard, error);
  if (error) {
    throw DataError(
        {.what = "cannot read the shard", .where = shard.string(), .found = error.message()});
  }
  return bytes;
}

// Counts the samples of a tar that have an image and a caption, by its headers alone.
class HeaderCount {
 public:
  explicit HeaderCount(const fs::path& shard) : headers_(shard, data::OddMembers::kNamed) {}

  // At most `budget` members, which are taken from it.
  void run(std::uint64_t& budget) {
    for (; budget > 0; --budget) {
      const auto member = headers_.next();
      if (!member) break;
      if (const auto name = data::split_member_name(member->name); name && member->is_file) {
        add(*name);
      }
    }
    close();
  }

  [[nodiscard]] std::uint64_t pairs() const { return pairs_; }
  [[nodiscard]] std::uint64_t bytes() const { return headers_.offset(); }

 private:
  void add(const data::MemberName& name) {
    if (name.key != key_) close();
    key_ = name.key;
    if (data::image_extension_index(name.extension)) image_ = true;
    if (name.extension == "txt" || name.extension == "json") caption_ = true;
  }
  void close() {
    if (image_ && caption_) ++pairs_;
    image_ = caption_ = false;
  }

  data::TarHeaders headers_;
  std::uint64_t pairs_ = 0;
  std::string key_;
  bool image_ = false, caption_ = false;
};

// OpenCLIP's {"00000.tar": samples, …}.
std::optional<std::uint64_t> from_sizes(const std::vector<fs::path>& shards) {
  std::uint64_t pairs = 0;
  fs::path folder;
  Json sizes;
  for (const fs::path& shard : shards) {
    if (shard.parent_path() != folder) {
      folder = shard.parent_path();
      if (!is_file(folder / "sizes.json")) return std::nullopt;
      sizes = Json::parse(read_text_file(folder / "sizes.json"), nullptr, false);
      if (!sizes.is_object()) return std::nullopt;
    }
    const auto size = sizes.find(shard.filename().string());
    if (size == sizes.end() || !size->is_number_unsigned()) return std::nullopt;
    pairs += size->get<std::uint64_t>();
  }
  return pairs;
}

PairCount from_headers(const std::vector<fs::path>& shards, std::uint64_t budget) {
  std::uint64_t pairs = 0, seen = 0, all = 0;
  bool exact = true;
  for (const fs::path& shard : shards) {
    all += bytes_of(shard);
    if (budget == 0) continue;
    HeaderCount count(shard);
    try {
      count.run(budget);
    } catch (const data::DamagedTar&) {
      // Indexing names it; what comes before it counts.
      exact = false;
    }
    pairs += count.pairs();
    seen += count.bytes();
  }
  if (seen == 0) return {0, false};
  if (seen == all && exact) return {pairs, true};
  const double share = static_cast<double>(all) / static_cast<double>(seen);
  return {static_cast<std::uint64_t>(std::llround(static_cast<double>(pairs) * share)), false};
}

}  // namespace

std::optional<PairCount> count_pairs(const std::string& source, const fs::path& indexed,
                                     std::uint64_t max_members) {
  for (const fs::path& folder : {fs::path(source), indexed, indexed / "imported"}) {
    if (is_file(folder / "manifest.json")) {
      return PairCount{data::read_manifest(folder / "manifest.json").pairs, true};
    }
  }
  if (is_there(source) && !data::means_shards(source)) return std::nullopt;
  const std::vector<fs::path> shards = data::list_shards(source);
  if (const auto pairs = from_sizes(shards)) return PairCount{*pairs, false};
  return from_headers(shards, max_members);
}

}  // namespace helip::cli
