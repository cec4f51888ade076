#include "data/byte_pair_encoding.h"

#include <zlib.h>

#include <memory>
#include <queue>
#include <string>
#include <utility>

#include "common/error.h"
#include "common/text.h"
#include "data/unicode_text.h"

namespace helip::data {
namespace {

constexpr std::size_t kMostBytes = 16U << 20U;
constexpr std::string_view kEndOfWord = "</w>";

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
  return (static_cast<std::uint64_t>(left) << 32U) | static_cast<std::uint64_t>(right);
}

std::string read_gzip(const std::filesystem::path& file) {
  gzFile handle = gzopen(file.c_str(), "rb");
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

// Bytes in the order of their ids, each with the character that stands for it in the file:
// printable Latin-1 characters stand for themselves, the other bytes for U+0100 and up.
std::array<std::pair<int, char32_t>, 256> byte_alphabet() {
  std::array<std::pair<int, char32_t>, 256> alphabet{};
  const auto printable_byte = [](int b) {
    return (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || (b >= 0xAE && b <= 0xFF);
  };
  std::size_t next = 0;
  for (int b = 0; b < 256; ++b) {
    if (printable_byte(b)) alphabet[next++] = {b, static_cast<char32_t>(b)};
  }
  char32_t stand_in = 0x100;
  for (int b = 0; b < 256; ++b) {
    if (!printable_byte(b)) alphabet[next++] = {b, stand_in++};
  }
  return alphabet;
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

// A merge makes a symbol that only later merges contain, so taking the pairs from a heap by (rank,
// position) gives what repeated left-to-right passes give, in n log n.
void BytePairEncoding::encode(std::string_view word, std::vector<std::int64_t>& out) const {
  struct Node {
    std::int32_t symbol;  // -1: merged into its left neighbour
    std::int32_t previous;
    std::int32_t next;
  };
  struct Candidate {
    std::int32_t symbol;  // of the merged pair: its rank
    std::int32_t position;
    std::int32_t left;
    std::int32_t right;
    bool operator<(const Candidate& other) const {
      return std::pair(symbol, position) > std::pair(other.symbol, other.position);
    }
  };
  const auto count = static_cast<std::int32_t>(word.size());
  std::vector<Node> nodes(word.size());
  for (std::int32_t i = 0; i < count; ++i) {
    const auto byte = static_cast<unsigned char>(word[static_cast<std::size_t>(i)]);
    nodes[static_cast<std::size_t>(i)] = {byte_symbols_[byte], i - 1, i + 1 < count ? i + 1 : -1};
  }
  nodes.back().symbol += 256;

  std::priority_queue<Candidate> heap;
  const auto consider = [&](std::int32_t position) {
    if (position < 0) return;
    const Node& node = nodes[static_cast<std::size_t>(position)];
    if (node.next < 0) return;
    const std::int32_t right = nodes[static_cast<std::size_t>(node.next)].symbol;
    const std::int32_t symbol = merged(node.symbol, right);
    if (symbol >= 0) heap.push({symbol, position, node.symbol, right});
  };
  for (std::int32_t i = 0; i + 1 < count; ++i) consider(i);
  while (!heap.empty()) {
    const Candidate best = heap.top();
    heap.pop();
    Node& node = nodes[static_cast<std::size_t>(best.position)];
    if (node.symbol != best.left || node.next < 0) continue;
    Node& gone = nodes[static_cast<std::size_t>(node.next)];
    if (gone.symbol != best.right) continue;
    node.symbol = best.symbol;
    node.next = gone.next;
    gone.symbol = -1;
    if (node.next >= 0) nodes[static_cast<std::size_t>(node.next)].previous = best.position;
    consider(node.previous);
    consider(best.position);
  }
  for (std::int32_t i = 0; i >= 0; i = nodes[static_cast<std::size_t>(i)].next) {
    out.push_back(nodes[static_cast<std::size_t>(i)].symbol);
  }
}

}  // namespace helip::data
