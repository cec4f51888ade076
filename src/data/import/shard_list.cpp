#include "data/import/shard_list.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <system_error>

#include "common/error.h"
#include "common/hidden.h"
#include "common/path_kind.h"
#include "common/text.h"
#include "data/corpus/file_kind.h"
#include "data/import/folder_content.h"

namespace helip::data {
namespace {

constexpr std::uint64_t kMaxShards = 1'000'000;

DataError wrong(const std::string& what, const std::string& source,
                const std::string& expected = {}) {
  return DataError({.what = what, .where = source, .expected = expected});
}

// "00000..00331" counts up with leading zeros; "a,b" are alternatives; nothing if it is neither.
std::optional<std::vector<std::string>> alternatives(std::string_view inside,
                                                     const std::string& source) {
  const std::size_t dots = inside.find("..");
  if (dots != std::string_view::npos) {
    const std::string_view from = inside.substr(0, dots);
    const std::string_view to = inside.substr(dots + 2);
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    const auto parse = [](std::string_view text, std::uint64_t& value) {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      return error == std::errc() && end == text.data() + text.size();
    };
    if (!parse(from, first) || !parse(to, last)) return std::nullopt;
    if (last < first || last - first >= kMaxShards) {
      throw wrong("wrong range in the list of shards", source,
                  "FIRST..LAST, ascending, at most 1,000,000 shards");
    }
    const bool padded = (from.size() > 1 && from[0] == '0') || (to.size() > 1 && to[0] == '0');
    const std::size_t width = padded ? std::max(from.size(), to.size()) : 0;
    std::vector<std::string> all;
    for (std::uint64_t i = first; i <= last; ++i) {
      const std::string digits = cat(i);
      all.push_back(std::string(width > digits.size() ? width - digits.size() : 0, '0') + digits);
    }
    return all;
  }
  if (inside.find(',') == std::string_view::npos) return std::nullopt;
  std::vector<std::string> all;
  for (std::size_t comma = 0; comma != std::string_view::npos;) {
    comma = inside.find(',');
    all.emplace_back(inside.substr(0, comma));
    if (comma != std::string_view::npos) inside.remove_prefix(comma + 1);
  }
  return all;
}

std::vector<std::string> expand_braces(const std::string& pattern, const std::string& source) {
  const std::size_t open = pattern.find('{');
  if (open == std::string::npos) return {pattern};
  const std::size_t close = pattern.find('}', open);
  if (close == std::string::npos)
    throw wrong("brace without its end in the list of shards", source, "{FIRST..LAST} or {a,b}");
  const auto middle =
      alternatives(std::string_view(pattern).substr(open + 1, close - open - 1), source);
  if (!middle) throw wrong("wrong braces in the list of shards", source, "{FIRST..LAST} or {a,b}");
  std::vector<std::string> all;
  for (const std::string& tail : expand_braces(pattern.substr(close + 1), source)) {
    for (const std::string& choice : *middle) all.push_back(choice + tail);
    if (all.size() > kMaxShards)
      throw wrong("too many shards in the list", source, "at most 1,000,000");
  }
  // The first brace varies slowest.
  if (all.size() > middle->size()) {
    const std::size_t tails = all.size() / middle->size();
    std::vector<std::string> ordered;
    for (std::size_t i = 0; i < middle->size(); ++i) {
      for (std::size_t t = 0; t < tails; ++t) ordered.push_back(all[t * middle->size() + i]);
    }
    all = std::move(ordered);
  }
  for (std::string& name : all) name.insert(0, pattern, 0, open);
  return all;
}

std::vector<std::filesystem::path> tars_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> tars;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (is_tar_name(name) && !is_hidden(name) && !is_folder(entry->path()))
      tars.push_back(entry->path());
  }
  if (error) {
    throw DataError(
        {.what = "cannot read the folder", .where = folder.string(), .found = error.message()});
  }
  std::sort(tars.begin(), tars.end());
  return tars;
}

std::vector<std::filesystem::path> matches(const std::string& pattern, const std::string& source) {
  glob_t found{};
  const int result = ::glob(pattern.c_str(), GLOB_NOSORT | GLOB_ERR, nullptr, &found);
  std::vector<std::filesystem::path> files;
  for (std::size_t i = 0; i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  if (result == GLOB_NOMATCH || (result == 0 && files.empty()))
    throw wrong("no shard matches", source);
  if (result != 0) throw wrong("cannot read the folder of the shards", source);
  // glob's own order depends on the locale.
  std::sort(files.begin(), files.end());
  return files;
}

bool begins_as_tar(const std::string& file) {
  std::array<char, kFileHeadBytes> head{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), head.size());
  return looks_like_tar(
      std::as_bytes(std::span(head)).first(static_cast<std::size_t>(stream.gcount())));
}

void append_part(const std::string& part, const std::string& source,
                 std::vector<std::filesystem::path>& out) {
  const auto append = [&](const std::vector<std::filesystem::path>& more) {
    out.insert(out.end(), more.begin(), more.end());
  };
  if (part.empty()) throw wrong("empty name in the list of shards", source);
  if (is_folder(part)) {
    const auto tars = tars_in(part);
    expect_one_kind(read_folder(part), part);
    if (tars.empty()) throw wrong("no tar shards in the folder", part);
    append(tars);
  } else if (is_there(part)) {
    out.emplace_back(part);
  } else {
    for (const std::string& name : expand_braces(part, source)) {
      if (is_there(name)) {
        out.emplace_back(name);
      } else if (name.find_first_of("*?[") != std::string::npos) {
        append(matches(name, source));
      } else {
        throw DataError(
            {.what = "the shard does not exist", .where = name, .found = why_not_there(name)});
      }
    }
  }
}

}  // namespace

std::vector<std::filesystem::path> list_shards(const std::string& source) {
  std::vector<std::filesystem::path> shards;
  for (std::size_t start = 0; start <= source.size();) {
    const std::size_t end = std::min(source.find("::", start), source.size());
    append_part(source.substr(start, end - start), source, shards);
    start = end + 2;
  }
  std::set<std::filesystem::path> seen;
  for (auto& shard : shards) {
    // Links keep their own names (download caches link to files named by digest).
    shard = std::filesystem::absolute(shard).lexically_normal();
    std::error_code error;
    const auto real = std::filesystem::canonical(shard, error);
    if (error) {
      throw DataError(
          {.what = "cannot read the tar shard", .where = shard.string(), .found = error.message()});
    }
    if (!is_valid_utf8(shard.string()))
      throw wrong("the shard's name is not valid UTF-8", shard.string());
    if (!seen.insert(real).second) throw wrong("a shard comes twice", shard.string());
  }
  return shards;
}

bool means_shards(const std::string& source) {
  if (is_tar_name(source) || source.find("::") != std::string::npos) return true;
  if (is_folder(source)) return !tars_in(source).empty();
  if (is_packed_tar_name(source)) return true;
  return is_file(source) ? begins_as_tar(source)
                         : source.find_first_of("{*?[") != std::string::npos;
}

}  // namespace helip::data
