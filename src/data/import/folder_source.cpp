#include "data/import/folder_source.h"

#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/text.h"
#include "data/import/folder_content.h"
#include "data/import/source_files.h"

namespace helip::data {
namespace {

std::string found_instead(const FolderContent& content) {
  std::string found;
  if (!content.problems.empty()) {
    found = cat(content.problems.size(), " files that are no pair, as ",
                shortened(content.problems.front().key, 80), " (", content.problems.front().reason,
                ")");
  }
  if (!content.table.empty()) {
    found += cat(found.empty() ? "" : "; ", shortened(content.table, 80),
                 ", which may be their table: name it in the folder's place");
  }
  return found.empty() ? "no image and no caption" : found;
}

class FolderSource final : public ImportSource {
 public:
  FolderSource(std::filesystem::path folder, const SourceOptions& options)
      : folder_(std::move(folder)),
        max_image_bytes_(options.max_image_bytes),
        content_(read_folder(folder_, options.output)) {
    expect_one_kind(content_, folder_);
    if (content_.pairs.empty()) {
      throw DataError({.what = "nothing to import in the folder",
                       .where = folder_.string(),
                       .expected = "tar shards, or images with a .txt of the same stem beside each",
                       .found = found_instead(content_)});
    }
  }
  [[nodiscard]] std::uint64_t size() const override { return content_.pairs.size(); }
  [[nodiscard]] const std::vector<ImportProblem>& unpaired() const override {
    return content_.problems;
  }
  [[nodiscard]] std::string identity() const override {
    Sha256 digest;
    for (const auto& [image, caption] : content_.pairs) {
      digest.update(stamp_of(folder_, image));
      digest.update(stamp_of(folder_, caption));
    }
    for (const ImportProblem& problem : content_.problems) {
      // A folder that is passed over counts by its name alone: its times do not matter here.
      digest.update(problem.samples > 0 ? stamp_of(folder_, problem.key)
                                        : cat(problem.key, '\0', problem.reason, "\n"));
    }
    return digest.hex();
  }
  [[nodiscard]] SourcePair read(std::uint64_t pair) const override {
    const auto& [image, caption] = content_.pairs[static_cast<std::size_t>(pair)];
    SourcePair result;
    result.source = image;
    result.key = image;
    read_image_file(folder_ / image, max_image_bytes_, result);
    read_caption_file(folder_ / caption, result);
    return result;
  }

 private:
  std::filesystem::path folder_;
  std::uint64_t max_image_bytes_;
  FolderContent content_;
};

}  // namespace

std::unique_ptr<ImportSource> folder_source(const std::filesystem::path& folder,
                                            const SourceOptions& options) {
  return std::make_unique<FolderSource>(folder, options);
}

}  // namespace helip::data
