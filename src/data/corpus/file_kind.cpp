#include "data/corpus/file_kind.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/text.h"

namespace helip::data {
namespace {

using namespace std::string_view_literals;

struct Known {
  std::string_view magic;
  const char* name;
  const char* before;  // the advice is before + file + after
  const char* after;
  bool is_compressed = false;
};

constexpr const char* kToCsv = ").to_csv('NEW.csv', index=False) with pandas";

constexpr std::array kKnown = {
    Known{"\x1F\x8B"sv, "a gzip file", "gzip -dc ", " > NEW unpacks it", true},
    Known{"BZh"sv, "a bzip2 file", "bzip2 -dc ", " > NEW unpacks it", true},
    Known{"\xFD"
          "7zXZ\0"sv,
          "an xz file", "xz -dc ", " > NEW unpacks it", true},
    Known{"\x28\xB5\x2F\xFD"sv, "a zstd file", "zstd -dc ", " > NEW unpacks it", true},
    Known{"\x04\x22\x4D\x18"sv, "an lz4 file", "lz4 -dc ", " > NEW unpacks it", true},
    Known{"\x1F\x9D"sv, "a file of compress", "uncompress -c ", " > NEW unpacks it", true},
    Known{"7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive", "7z x ", " unpacks it"},
    Known{"Rar!\x1A\x07"sv, "a RAR archive", "unrar x ", " unpacks it"},
    Known{"PK\x03\x04"sv, "a zip archive or a workbook (.xlsx)", "unzip ",
          " unpacks an archive; save a workbook's sheet as CSV"},
    Known{"PAR1"sv, "a Parquet file", "read_parquet('", kToCsv},
    Known{"ARROW1"sv, "an Arrow file", "read_feather('", kToCsv},
    Known{"FEA1"sv, "a Feather file", "read_feather('", kToCsv},
    Known{"\x89HDF\r\n\x1A\n"sv, "an HDF5 file", "read_hdf('", kToCsv},
    Known{"SQLite format 3\0"sv, "an SQLite database", "sqlite3 -csv -header ",
          " 'select * from TABLE' > NEW.csv"},
    Known{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "an old office document (.xls)",
          "save the sheet of ", " as CSV"},
    Known{"\x93NUMPY"sv, "a NumPy array (.npy)", "write what ", " holds as CSV"},
    Known{"%PDF-"sv, "a PDF document", "write the table in ", " as CSV"},
    Known{"\x89PNG\r\n\x1A\n"sv, "a PNG image", "name its folder, or a table that names ", ""},
    Known{"\xFF\xD8\xFF"sv, "a JPEG image", "name its folder, or a table that names ", ""},
    Known{"GIF8"sv, "a GIF image", "name its folder, or a table that names ", ""},
    Known{"version https://git-lfs"sv, "a pointer of Git LFS", "git lfs pull --include ",
          " fetches the file"},
};

bool is_pickle(std::string_view head) {
  return head.size() >= 3 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5;
}

bool is_html(std::string_view head) {
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  std::string start(head.substr(first, 14));
  std::transform(start.begin(), start.end(), start.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return start.starts_with("<!doctype html") || start.starts_with("<html") ||
         start.starts_with("<?xml");
}

bool is_json(std::string_view head) {
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  const std::string_view rest = head.substr(first);
  const std::size_t second = std::min(rest.find_first_not_of(" \t\r\n", 1), rest.size());
  const char next = second < rest.size() ? rest[second] : '\0';
  return (rest[0] == '{' && next == '"') || (rest[0] == '[' && (next == '{' || next == '['));
}

// UTF-32 and UTF-16 by their byte order marks, or by zeros in every second byte.
const char* wide_text(std::string_view head) {
  if (head.starts_with("\xFF\xFE\0\0"sv) || head.starts_with("\0\0\xFE\xFF"sv)) return "UTF-32";
  if (head.starts_with("\xFF\xFE"sv) || head.starts_with("\xFE\xFF"sv)) return "UTF-16";
  if (head.size() < 4 || looks_like_tar(std::as_bytes(std::span(head)))) return nullptr;
  if (head[0] != '\0' && head[1] == '\0' && head[2] != '\0' && head[3] == '\0') return "UTF-16LE";
  if (head[0] == '\0' && head[1] != '\0' && head[2] == '\0' && head[3] != '\0') return "UTF-16BE";
  return nullptr;
}

}  // namespace

std::optional<FileKind> kind_of(std::span<const std::byte> head, const std::string& file) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  for (const Known& known : kKnown) {
    if (!text.starts_with(known.magic)) continue;
    const bool quoted = std::string_view(known.before).ends_with('\'');
    return FileKind{known.name, cat(known.before, file, quoted ? "'" : "", known.after),
                    known.is_compressed};
  }
  if (const char* const encoding = wide_text(text)) {
    return FileKind{cat("text in ", encoding),
                    cat("iconv -f ", encoding, " -t UTF-8 ", file, " > NEW converts it")};
  }
  if (is_pickle(text)) return FileKind{"a Python pickle", cat("read_pickle('", file, "'", kToCsv)};
  if (is_html(text)) {
    return FileKind{"an HTML or XML page",
                    cat("fetch ", file, " again: a page was stored in its place")};
  }
  if (is_json(text)) {
    const bool is_list = text[text.find_first_not_of(" \t\r\n")] == '[';
    return FileKind{"JSON", cat("read_json('", file, is_list ? "'" : "', lines=True", kToCsv)};
  }
  return std::nullopt;
}

bool looks_like_image(std::span<const std::byte> head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  return text.starts_with("\x89PNG\r\n\x1A\n"sv) || text.starts_with("\xFF\xD8\xFF"sv) ||
         text.starts_with("GIF8"sv) ||
         (text.starts_with("RIFF"sv) && text.substr(0, 12).ends_with("WEBP"sv));
}

bool looks_like_tar(std::span<const std::byte> head) {
  constexpr std::size_t kMagicOffset = 257;
  constexpr std::string_view kMagic = "ustar";
  if (head.size() < kMagicOffset + kMagic.size()) return false;
  const auto magic = head.subspan(kMagicOffset, kMagic.size());
  return std::string_view(reinterpret_cast<const char*>(magic.data()), magic.size()) == kMagic;
}

}  // namespace helip::data
