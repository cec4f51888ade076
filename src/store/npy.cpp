#include "store/npy.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <sstream>

#include "common/error.h"
#include "common/text.h"

namespace helip::store {
namespace {

static_assert(std::endian::native == std::endian::little, "the formats are little endian");

constexpr std::string_view kMagic = "\x93NUMPY";

struct DTypeName {
  DType dtype;
  std::string_view descr;
  std::size_t size;
};
constexpr std::array<DTypeName, 7> kDTypes = {{{DType::kBool, "|b1", 1},
                                               {DType::kU8, "|u1", 1},
                                               {DType::kU32, "<u4", 4},
                                               {DType::kI64, "<i8", 8},
                                               {DType::kF16, "<f2", 2},
                                               {DType::kF32, "<f4", 4},
                                               {DType::kF64, "<f8", 8}}};

const DTypeName& entry_of(DType dtype) {
  for (const DTypeName& entry : kDTypes) {
    if (entry.dtype == dtype) return entry;
  }
  return kDTypes[0];
}

StoreError damaged(const std::filesystem::path& path, const std::string& what,
                   const std::string& expected = {}, const std::string& found = {}) {
  return StoreError({.what = what, .where = path.string(), .expected = expected, .found = found});
}

struct Header {
  std::size_t data_offset = 0;
  std::string text;
};

Header read_header(std::span<const std::byte> bytes, const std::filesystem::path& path) {
  const auto text_at = [&](std::size_t offset, std::size_t length) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()) + offset, length);
  };
  if (bytes.size() < 10 || text_at(0, 6) != kMagic) throw damaged(path, "not a .npy file");
  const int major = static_cast<int>(bytes[6]);
  if (major != 1 && major != 2) throw damaged(path, "unknown .npy version", "1 or 2", cat(major));
  std::size_t length = 0;
  std::size_t start = 0;
  if (major == 1) {
    std::uint16_t value = 0;
    std::memcpy(&value, bytes.data() + 8, sizeof value);
    length = value;
    start = 10;
  } else {
    if (bytes.size() < 12) throw damaged(path, "the .npy header is truncated");
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + 8, sizeof value);
    length = value;
    start = 12;
  }
  if (length > (1U << 20) || bytes.size() - start < length)
    throw damaged(path, "the .npy header is truncated");
  return {start + length, std::string(text_at(start, length))};
}

// The text behind 'key': in the header's Python dict literal, from `open` to `close` exclusive;
// with an empty `open` up to the next comma.
std::string header_value(const std::string& header, const std::string& key, std::string_view open,
                         std::string_view close, const std::filesystem::path& path) {
  const std::string name = cat("'", key, "':");
  const std::size_t found = header.find(name);
  std::size_t begin =
      found == std::string::npos ? found : header.find_first_not_of(' ', found + name.size());
  if (begin == std::string::npos || header.compare(begin, open.size(), open) != 0)
    begin = std::string::npos;
  const std::size_t end =
      begin == std::string::npos ? begin : header.find(close, begin + open.size());
  if (end == std::string::npos)
    throw damaged(path, "the .npy header has no readable '" + key + "'");
  return header.substr(begin + open.size(), end - begin - open.size());
}

// "3, 4" or "3," → {3, 4} or {3}.
std::vector<std::uint64_t> parse_shape(const std::string& text, const std::filesystem::path& path) {
  std::vector<std::uint64_t> shape;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t begin = part.find_first_not_of(' ');
    const std::string_view digits =
        begin == std::string::npos ? std::string_view() : std::string_view(part).substr(begin);
    if (digits.empty() && parts.eof()) break;  // after the comma of (3,)
    std::uint64_t extent = 0;
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), extent);
    if (error != std::errc() || stop != digits.data() + digits.size()) {
      throw damaged(path, "the shape is absurd", "whole numbers", text);
    }
    shape.push_back(extent);
  }
  return shape;
}

}  // namespace

std::size_t size_of(DType dtype) { return entry_of(dtype).size; }

NpyArray NpyArray::open(const std::filesystem::path& path) {
  NpyArray array;
  array.path_ = path;
  array.file_ = MappedFile(path);
  const std::span<const std::byte> bytes = array.file_.bytes();
  const Header header = read_header(bytes, path);

  const std::string descr = header_value(header.text, "descr", "'", "'", path);
  bool known = false;
  for (const DTypeName& entry : kDTypes) {
    if (entry.descr == descr) {
      array.dtype_ = entry.dtype;
      known = true;
    }
  }
  if (!known)
    throw damaged(path, "dtype is not supported", "b1, u1, <u4, <i8, <f2, <f4 or <f8", descr);
  if (header_value(header.text, "fortran_order", "", ",", path) != "False") {
    throw damaged(path, "the array is in Fortran order", "C order");
  }

  const std::string shape = header_value(header.text, "shape", "(", ")", path);
  array.shape_ = parse_shape(shape, path);
  std::uint64_t count = 1;
  for (const std::uint64_t extent : array.shape_) {
    if (__builtin_mul_overflow(count, extent, &count))
      throw damaged(path, "the shape is absurd", {}, shape);
  }
  std::uint64_t length = 0;
  if (__builtin_mul_overflow(count, size_of(array.dtype_), &length)) {
    throw damaged(path, "the shape is absurd", {}, shape);
  }
  const std::size_t present = bytes.size() - header.data_offset;
  if (present != length) {
    throw damaged(path,
                  present < length ? "the array is truncated" : "there are bytes after the array",
                  cat(length, " bytes for shape (", shape, ")"), cat(present, " bytes"));
  }
  array.data_ = bytes.subspan(header.data_offset);
  return array;
}

NpyWriter::NpyWriter(const std::filesystem::path& path, DType dtype,
                     const std::vector<std::uint64_t>& shape)
    : publisher_(path), expected_bytes_(size_of(dtype)), path_(path) {
  // NumPy writes (3,) for one dimension and (3, 4) for more.
  std::string extents;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    expected_bytes_ *= shape[i];
    extents += cat(i == 0 ? "" : ", ", shape[i]);
  }
  if (shape.size() == 1) extents += ',';
  std::string header = cat("{'descr': '", entry_of(dtype).descr,
                           "', 'fortran_order': False, 'shape': (", extents, "), }");
  constexpr std::size_t kAlign = 64;
  constexpr std::size_t kPreamble = 10;
  header.append((kAlign - (kPreamble + header.size() + 1) % kAlign) % kAlign, ' ');
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  std::string preamble(kMagic);
  preamble += '\x01';
  preamble += '\0';
  preamble += static_cast<char>(length & 0xFFU);
  preamble += static_cast<char>(length >> 8);
  publisher_.write(preamble + header);
}

void NpyWriter::write(std::span<const std::byte> bytes) {
  publisher_.write(bytes);
  written_bytes_ += bytes.size();
}

void NpyWriter::publish() {
  if (written_bytes_ != expected_bytes_) {
    throw damaged(path_, "the array was not written whole", cat(expected_bytes_, " bytes"),
                  cat(written_bytes_, " bytes"));
  }
  publisher_.publish();
}

}  // namespace helip::store
