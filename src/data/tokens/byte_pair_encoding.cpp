#include "data/tokens/byte_pair_encoding.h"

#include <zlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "data/text/unicode_text.h"
#include "data/tokens/byte_alphabet.h"
#include "data/tokens/pair_merging.h"

namespace helip::data {
namespace {

constexpr std::size_t kMostBytes = 16U << 20U;
constexpr std::string_view kEndOfWord = "</w>";

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return (static_cast<std::uint64_t>(left) << 32U) | static_cast<std::uint64_t>(right);
}

std::string read_gzip(const std::filesystem::path& file) {
  std::error_code ignored;
  // A named pipe would be waited for.
  const bool is_file = std::filesystem::is_regular_file(file, ignored);
  gzFile handle = is_file ? gzopen(file.c_str(), "rb") : nullptr;
  if (handle == nullptr) {
    throw DataError(
        {"vocabulary cannot be opened", file.string(), "bpe_simple_vocab_16e6.txt.gz", ""});
  }
  std::string content;
  std::array<char, 1U << 16U> chunk;
  int count = 1;
  while (count > 0 && content.size() < kMostBytes) {
    count = gzread(handle, chunk.data(), static_cast<unsigned>(chunk.size()));
    if (count > 0) content.append(chunk.data(), static_cast<std::size_t>(count));
  }
  // That a stream is truncated shows at its end only.
  const int closed = gzclose_r(handle);
  if (count != 0 || closed != Z_OK) {
    throw DataError({"vocabulary is damaged", file.string(), "a whole gzip file",
                     "a truncated, corrupt or huge one"});
  }
  return content;
}

std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return line;
}

}  // namespace

BytePairEncoding::BytePairEncoding(const std::filesystem::path& vocabulary) {
  const std::string content = read_gzip(vocabulary);
  std::unordered_map<std::string, std::int32_t> symbols;
  symbols.reserve(kSymbols);
  std::int32_t next = 0;
  for (const auto& [byte, character] : byte_alphabet()) {
    std::string name;
    append_utf8(name, character);
    byte_symbols_[static_cast<std::size_t>(byte)] = next;
    symbols.emplace(name, next);
    symbols.emplace(name + std::string(kEndOfWord), next + 256);
    ++next;
  }

  merges_.reserve(kMerges);
  std::string_view rest = content;
  next_line(rest);  // version
  for (std::int32_t rank = 0; rank < kMerges; ++rank) {
    const std::string where = cat(vocabulary.string(), ", line ", rank + 2);
    if (rest.empty()) {
      throw DataError({"vocabulary is too short", where, cat(kMerges, " merges"), cat(rank)});
    }
    const std::string_view line = next_line(rest);
    const std::size_t space = line.find(' ');
    const std::string left(line.substr(0, space));
    const std::string right(space == std::string_view::npos ? "" : line.substr(space + 1));
    const auto left_symbol = symbols.find(left);
    const auto right_symbol = symbols.find(right);
    // Every part is older than the merge itself: encode() relies on it.
    if (left_symbol == symbols.end() || right_symbol == symbols.end()) {
      throw DataError({"vocabulary holds a merge of unknown symbols", where, "two earlier symbols",
                       std::string(line)});
    }
    const bool is_new = symbols.emplace(left + right, 512 + rank).second;
    if (!is_new) {
      throw DataError(
          {"vocabulary holds a symbol twice", where, "each symbol once", std::string(line)});
    }
    merges_.emplace(pair_key(left_symbol->second, right_symbol->second), 512 + rank);
  }
}

std::int32_t BytePairEncoding::merged(std::int32_t left, std::int32_t right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? -1 : found->second;
}

void BytePairEncoding::encode(std::string_view word, std::vector<std::int64_t>& out) const {
  std::vector<std::int32_t> symbols;
  symbols.reserve(word.size());
  for (const char c : word) symbols.push_back(byte_symbols_[static_cast<unsigned char>(c)]);
  symbols.back() += 256;
  merge_pairs(symbols, [&](std::int32_t left, std::int32_t right) {
    const std::int32_t symbol = merged(left, right);
    return PairMerge{symbol, symbol};
  });
  out.insert(out.end(), symbols.begin(), symbols.end());
}

}  // namespace helip::data
