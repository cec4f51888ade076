#include "data/import/table_source.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "common/digest.h"
#include "common/error.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "data/corpus/webdataset.h"
#include "data/import/source_files.h"

namespace helip::data {
namespace {

constexpr const char* kLineEnds = "captions that hold line ends";
constexpr const char* kSwallowedRows =
    "a field that holds what look like rows of the table, as a lone quote leaves them";
constexpr const char* kOtherLineEnds = "fields beside the caption that hold line ends";

bool holds_line_end(std::string_view text) {
  return text.find_first_of("\r\n") != std::string_view::npos;
}

// True if one of several fields ends as the name of an image does.
bool has_image_field(std::string_view line, char separator) {
  if (line.find(separator) == std::string_view::npos) return false;
  for (std::size_t start = 0; start <= line.size();) {
    const std::size_t end = std::min(line.find(separator, start), line.size());
    const std::string_view field = line.substr(start, end - start);
    const std::size_t dot = field.rfind('.');
    const MemberKind kind = dot == std::string_view::npos
                                ? MemberKind::kOther
                                : member_kind(lower_case(field.substr(dot + 1)));
    if (kind == MemberKind::kImage || kind == MemberKind::kUnread) return true;
    start = end + 1;
  }
  return false;
}

// "http" of http://…; empty for a path.
std::string_view scheme_of(std::string_view path) {
  const std::size_t end = path.find("://");
  if (end == std::string_view::npos || end == 0) return {};
  const std::string_view scheme = path.substr(0, end);
  const bool is_word = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+';
  });
  return is_word ? scheme : std::string_view();
}

// Why a path as it is written names no file.
std::string why_missing(const std::filesystem::path& folder, const std::string& written) {
  if (holds_line_end(written)) return "the image path holds a line end, as a lone quote leaves it";
  const std::string_view scheme = scheme_of(written);
  if (scheme == "file") return "the image is named by a file:// URL and not by its path";
  if (!scheme.empty()) return "the image is named by a URL: download it first";
  if (written.starts_with("~"))
    return "the image path begins with ~, which a table's paths may not";
  if (trimmed(written) != written && is_file(folder / trimmed(written)))
    return "the image path has spaces around it";
  std::string slashes = written;
  std::replace(slashes.begin(), slashes.end(), '\\', '/');
  if (slashes != written && is_file(folder / slashes)) return "the image path has backslashes";
  return kMissingImage;
}

class TableSource final : public ImportSource {
 public:
  TableSource(const std::filesystem::path& file, const SourceOptions& options)
      : file_(file),
        max_image_bytes_(options.max_image_bytes),
        table_(read_csv_table(file, options.csv)) {
    if (table_.pairs.empty()) {
      throw DataError({.what = "the table has no rows",
                       .where = file.string(),
                       .expected = "a row for each pair below the header"});
    }
    note_line_ends();
  }
  [[nodiscard]] std::uint64_t size() const override { return table_.pairs.size(); }
  [[nodiscard]] const std::vector<ImportProblem>& unpaired() const override { return notes_; }
  [[nodiscard]] std::string identity() const override {
    Sha256 digest;
    digest.update(sha256_file(file_));
    digest.update(cat(int{table_.separator}, "\n"));
    for (const CsvPair& row : table_.pairs) digest.update(stamp_of(file_.parent_path(), row.image));
    return digest.hex();
  }
  [[nodiscard]] SourcePair read(std::uint64_t pair) const override {
    const CsvPair& row = table_.pairs[static_cast<std::size_t>(pair)];
    SourcePair result;
    result.source = place_of(row);
    result.key = row.image;
    const auto folder = file_.parent_path();
    if (row.image.empty()) {
      result.problem = "the row has no image path";
    } else {
      read_image_file(folder / row.image, max_image_bytes_, result);
      if (result.problem == kMissingImage) result.problem = why_missing(folder, row.image);
    }
    take_caption(caption_of_text(std::as_bytes(std::span(row.caption))), result);
    return result;
  }

 private:
  [[nodiscard]] std::string place_of(const CsvPair& row) const {
    return cat(file_.filename().string(), ":", row.line);
  }

  // How many lines of a field have a field that names an image, as a row has.
  [[nodiscard]] std::uint64_t rows_in(std::string_view field) const {
    std::uint64_t rows = 0;
    if (!holds_line_end(field)) return rows;
    for (std::size_t start = 0; start <= field.size();) {
      const std::size_t end = std::min(field.find_first_of("\r\n", start), field.size());
      if (has_image_field(field.substr(start, end - start), table_.separator)) ++rows;
      start = end + 1;
    }
    return rows;
  }

  // A lone quote takes up the lines to the next one, in whatever column: allowed, but seldom meant.
  void note_line_ends() {
    std::vector<const CsvPair*> captions;
    std::vector<const CsvPair*> others;
    for (const CsvPair& row : table_.pairs) {
      if (row.last_line == row.line) continue;
      std::uint64_t rows = rows_in(row.image) + rows_in(row.caption);
      for (const std::string& field : row.spanning) rows += rows_in(field);
      if (rows > 0) {
        notes_.push_back({place_of(row), row.image, kSwallowedRows,
                          cat("about ", rows, " rows in lines ", row.line, " to ", row.last_line,
                              ": is a quote of line ", row.line, " not closed?"),
                          0});
      } else {
        (holds_line_end(row.caption) ? captions : others).push_back(&row);
      }
    }
    note_first(captions, kLineEnds);
    note_first(others, kOtherLineEnds);
  }

  void note_first(const std::vector<const CsvPair*>& rows, const char* reason) {
    if (rows.empty()) return;
    notes_.push_back({place_of(*rows.front()), rows.front()->image, reason,
                      cat("of ", rows.size(), rows.size() == 1 ? " row" : " rows, this the first"),
                      0});
  }

  std::filesystem::path file_;
  std::uint64_t max_image_bytes_;
  CsvTable table_;
  std::vector<ImportProblem> notes_;
};

}  // namespace

std::unique_ptr<ImportSource> table_source(const std::filesystem::path& file,
                                           const SourceOptions& options) {
  return std::make_unique<TableSource>(file, options);
}

}  // namespace helip::data
