#include "data/corpus/quarantine.h"

#include <algorithm>

#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/text.h"
#include "store/array_files.h"
#include "store/npy.h"

namespace helip::data {
namespace {

OrderedJson json_of(const QuarantineEntry& entry) {
  return {{"sample", entry.sample},
          {"shard", printable(entry.shard)},
          {"offset", entry.offset},
          {"key", printable(entry.key)},
          {"reason", printable(entry.reason)}};
}

}  // namespace

SplitReason split_reason(const std::string& reason) {
  const std::size_t end = reason.find("; ");
  if (end == std::string::npos) return {.kind = reason, .detail = {}};
  return {.kind = reason.substr(0, end), .detail = reason.substr(end + 2)};
}

void add_entries(std::vector<QuarantineEntry>& entries, const std::vector<QuarantineEntry>& more) {
  entries.insert(entries.end(), more.begin(), more.end());
  // The sort is stable: the first of several entries for one sample stays.
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.sample < b.sample; });
  const auto surplus =
      std::unique(entries.begin(), entries.end(),
                  [](const auto& a, const auto& b) { return a.sample == b.sample; });
  entries.erase(surplus, entries.end());
}

void write_quarantine(const std::filesystem::path& folder, std::uint64_t pairs,
                      const std::vector<QuarantineEntry>& entries) {
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(pairs), 0);
  std::string lines;
  for (const QuarantineEntry& entry : entries) {
    if (entry.sample >= pairs || mask[static_cast<std::size_t>(entry.sample)] != 0) {
      throw StoreError({.what = "wrong entry of the quarantine",
                        .where = folder.string(),
                        .expected = cat("each sample once, below ", pairs),
                        .found = cat("sample ", entry.sample)});
    }
    mask[static_cast<std::size_t>(entry.sample)] = 1;
    lines += json_of(entry).dump() + "\n";
  }
  publish_file(folder / "quarantine.jsonl", lines);
  store::NpyWriter writer(folder / store::kQuarantineFile, store::DType::kBool, {pairs});
  writer.write_values(std::span<const std::uint8_t>(mask));
  writer.publish();
}

std::vector<std::uint8_t> read_quarantine(const std::filesystem::path& folder,
                                          std::uint64_t pairs) {
  const auto file = folder / store::kQuarantineFile;
  const auto array = store::NpyArray::open(file);
  if (array.dtype() != store::DType::kBool || array.shape() != std::vector<std::uint64_t>{pairs}) {
    throw StoreError({.what = "the quarantine does not fit the corpus",
                      .where = file.string(),
                      .expected = cat("bool [", pairs, "]")});
  }
  const auto values = array.as<std::uint8_t>();
  const auto wrong =
      std::find_if(values.begin(), values.end(), [](std::uint8_t v) { return v > 1; });
  if (wrong != values.end()) {
    throw StoreError({.what = "the quarantine is damaged",
                      .where = cat(file.string(), ": sample ", wrong - values.begin()),
                      .expected = "0 or 1",
                      .found = cat(static_cast<unsigned>(*wrong))});
  }
  return {values.begin(), values.end()};
}

std::string quarantine_to_json(const std::vector<QuarantineEntry>& entries) {
  OrderedJson list = OrderedJson::array();
  for (const QuarantineEntry& entry : entries) list.push_back(json_of(entry));
  return list.dump();
}

std::vector<QuarantineEntry> quarantine_from_json(const std::string& json) {
  std::vector<QuarantineEntry> entries;
  try {
    for (const auto& entry : Json::parse(json)) {
      entries.push_back({.sample = entry.at("sample").get<std::uint64_t>(),
                         .shard = entry.at("shard").get<std::string>(),
                         .offset = entry.at("offset").get<std::uint64_t>(),
                         .key = entry.at("key").get<std::string>(),
                         .reason = entry.at("reason").get<std::string>()});
    }
  } catch (const JsonError& error) {
    throw StoreError({.what = "damaged list of quarantined samples", .found = error.what()});
  }
  return entries;
}

}  // namespace helip::data
