#include "data/import_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/mapped_file.h"
#include "common/text.h"
#include "data/caption.h"
#include "data/index_corpus.h"
#include "data/quarantine.h"
#include "data/sample_reader.h"
#include "data/shard_list.h"
#include "data/webdataset.h"

namespace helip::data {
namespace {

std::vector<std::byte> read_file(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  return {mapped.bytes().begin(), mapped.bytes().end()};
}

// Fills in the image's bytes or the problem.
void read_image_file(const std::filesystem::path& file, std::uint64_t max_bytes, SourcePair& pair) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    pair.problem = "the image file is missing";
    pair.detail = file.string();
    return;
  }
  const std::uint64_t bytes = std::filesystem::file_size(file, error);
  if (error || bytes > max_bytes) {
    pair.problem = "the image file is too large";
    pair.detail = cat(file.string(), ": ", bytes, " bytes, at most ", max_bytes, " are read");
    return;
  }
  try {
    pair.image = read_file(file);
  } catch (const StoreError& failure) {
    pair.problem = "the image file cannot be read";
    pair.detail = failure.what();
  }
}

void take_caption(Caption caption, SourcePair& pair) {
  pair.caption = std::move(caption.text);
  if (!pair.problem.empty()) return;
  SplitReason reason = split_reason(caption.problem);
  pair.problem = std::move(reason.kind);
  pair.detail = std::move(reason.detail);
}

// One byte more than a caption may have is enough to tell that it is too large.
void read_caption_file(const std::filesystem::path& file, SourcePair& pair) {
  try {
    const MappedFile mapped(file);
    const auto bytes = mapped.bytes();
    take_caption(caption_of_text(bytes.first(std::min(bytes.size(), kMaxCaptionBytes + 1))), pair);
  } catch (const StoreError& failure) {
    if (!pair.problem.empty()) return;
    pair.problem = "the caption file cannot be read";
    pair.detail = failure.what();
  }
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// Whether a file is another one than before, without reading it.
std::string stamp_of(const std::filesystem::path& folder, const std::string& name) {
  struct stat status {};
  const bool is_there = ::stat((folder / name).c_str(), &status) == 0;
  return is_there ? cat(name, '\0', status.st_size, " ", status.st_mtim.tv_sec, " ",
                        status.st_mtim.tv_nsec, "\n")
                  : cat(name, '\0', "missing\n");
}

std::string caption_of_image(const std::string& image) {
  return std::filesystem::path(image).replace_extension(".txt").string();
}

class ShardSource final : public ImportSource {
 public:
  ShardSource(const std::vector<std::filesystem::path>& shards, const SourceOptions& options)
      : scan_(scan_shards(shards, options.caption_key, {})),
        reader_(shards, shard_names(scan_.manifest), options.caption_key, options.max_image_bytes) {
    for (const QuarantineEntry& entry : scan_.unpaired) {
      SplitReason reason = split_reason(entry.reason);
      unpaired_.push_back({cat(entry.shard, ": byte ", entry.offset), entry.key,
                           std::move(reason.kind), std::move(reason.detail), entry.samples});
    }
  }
  [[nodiscard]] std::uint64_t size() const override { return scan_.locations.size(); }
  [[nodiscard]] const std::vector<ImportProblem>& unpaired() const override { return unpaired_; }
  [[nodiscard]] std::string identity() const override { return scan_.manifest.fingerprint; }
  [[nodiscard]] SourcePair read(std::uint64_t pair) const override {
    const SampleLocation& location = scan_.locations[static_cast<std::size_t>(pair)];
    Sample sample = reader_.read(SampleId{pair}, location);
    SplitReason reason = split_reason(sample.caption_problem);
    return {.source = cat(sample.shard, ": byte ", sample.offset),
            .key = std::move(sample.key),
            .image = std::move(sample.image),
            .caption = std::move(sample.caption),
            .problem = std::move(reason.kind),
            .detail = std::move(reason.detail)};
  }

 private:
  CorpusScan scan_;
  SampleReader reader_;
  std::vector<ImportProblem> unpaired_;
};

class TableSource final : public ImportSource {
 public:
  TableSource(const std::filesystem::path& file, const SourceOptions& options)
      : file_(file),
        max_image_bytes_(options.max_image_bytes),
        pairs_(read_csv_pairs(file, options.csv)) {
    if (pairs_.empty()) throw DataError({.what = "the table has no rows", .where = file.string()});
  }
  [[nodiscard]] std::uint64_t size() const override { return pairs_.size(); }
  [[nodiscard]] const std::vector<ImportProblem>& unpaired() const override { return none_; }
  [[nodiscard]] std::string identity() const override {
    Sha256 digest;
    digest.update(sha256_file(file_));
    for (const CsvPair& row : pairs_) digest.update(stamp_of(file_.parent_path(), row.image));
    return digest.hex();
  }
  [[nodiscard]] SourcePair read(std::uint64_t pair) const override {
    const CsvPair& row = pairs_[static_cast<std::size_t>(pair)];
    SourcePair result;
    result.source = cat(file_.filename().string(), ":", row.line);
    result.key = row.image;
    if (row.image.empty()) {
      result.problem = "the row has no image path";
    } else {
      read_image_file(file_.parent_path() / row.image, max_image_bytes_, result);
    }
    take_caption(caption_of_text(bytes_of(row.caption)), result);
    return result;
  }

 private:
  std::filesystem::path file_;
  std::uint64_t max_image_bytes_;
  std::vector<CsvPair> pairs_;
  std::vector<ImportProblem> none_;
};

// Images anywhere below a folder, each with a .txt of the same stem; in the byte order of their
// paths.
class FolderSource final : public ImportSource {
 public:
  FolderSource(std::filesystem::path folder, std::uint64_t max_image_bytes)
      : folder_(std::move(folder)), max_image_bytes_(max_image_bytes) {
    std::set<std::string> texts;
    std::set<std::string> used;
    std::vector<std::string> images;
    try {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
        if (!entry.is_regular_file()) continue;
        const std::string name = entry.path().lexically_relative(folder_).string();
        const auto member = split_member_name(cat("x", entry.path().extension().string()));
        if (!member) continue;
        if (member->extension == "txt") texts.insert(name);
        if (image_extension_index(member->extension)) images.push_back(name);
      }
    } catch (const std::filesystem::filesystem_error& error) {
      throw DataError(
          {.what = "cannot read the folder", .where = folder_.string(), .found = error.what()});
    }
    std::sort(images.begin(), images.end());
    for (std::string& image : images) {
      const std::string text = caption_of_image(image);
      if (texts.count(text) == 0) {
        unpaired_.push_back({image, image, "an image without a caption", {}});
      } else {
        used.insert(text);
        images_.push_back(std::move(image));
      }
    }
    for (const std::string& text : texts) {
      if (used.count(text) == 0)
        unpaired_.push_back({text, text, "a caption without an image", {}});
    }
    if (images_.empty()) {
      throw DataError({.what = "nothing to import in the folder",
                       .where = folder_.string(),
                       .expected = "tar shards, or images with a .txt beside each",
                       .found = cat(unpaired_.size(), " images or captions without a partner")});
    }
  }
  [[nodiscard]] std::uint64_t size() const override { return images_.size(); }
  [[nodiscard]] const std::vector<ImportProblem>& unpaired() const override { return unpaired_; }
  [[nodiscard]] std::string identity() const override {
    Sha256 digest;
    for (const std::string& image : images_) {
      digest.update(stamp_of(folder_, image));
      digest.update(stamp_of(folder_, caption_of_image(image)));
    }
    for (const ImportProblem& problem : unpaired_) digest.update(stamp_of(folder_, problem.key));
    return digest.hex();
  }
  [[nodiscard]] SourcePair read(std::uint64_t pair) const override {
    const std::string& image = images_[static_cast<std::size_t>(pair)];
    SourcePair result;
    result.source = image;
    result.key = image;
    read_image_file(folder_ / image, max_image_bytes_, result);
    read_caption_file(folder_ / caption_of_image(image), result);
    return result;
  }

 private:
  std::filesystem::path folder_;
  std::uint64_t max_image_bytes_;
  std::vector<std::string> images_;
  std::vector<ImportProblem> unpaired_;
};

}  // namespace

std::unique_ptr<ImportSource> open_import_source(const std::string& source,
                                                 const SourceOptions& options) {
  const std::filesystem::path path = source;
  if (std::filesystem::is_regular_file(path / "manifest.json")) {
    const CorpusManifest manifest = read_manifest(path / "manifest.json");
    return std::make_unique<ShardSource>(shard_paths(manifest, path), options);
  }
  const bool is_folder = std::filesystem::is_directory(path);
  const bool is_file = std::filesystem::is_regular_file(path);
  if (means_shards(source) || (!is_folder && !is_file)) {
    return std::make_unique<ShardSource>(list_shards(source), options);
  }
  if (is_folder) return std::make_unique<FolderSource>(path, options.max_image_bytes);
  return std::make_unique<TableSource>(path, options);
}

}  // namespace helip::data
