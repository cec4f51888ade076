#include "store/safetensors.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/json.h"
#include "common/publish.h"
#include "common/text.h"

namespace helip::store {
namespace {

constexpr std::uint64_t kMaxHeader = 16ULL << 20;
constexpr std::size_t kMaxTensors = 100'000;
constexpr std::size_t kAlign = 8;
constexpr int kMaxDepth = 4;  // of the header's JSON; three are the format's

StoreError damaged(const std::filesystem::path& path, const std::string& what,
                   const std::string& expected = {}, const std::string& found = {}) {
  return StoreError({.what = what, .where = path.string(), .expected = expected, .found = found});
}

// Length in bytes by dtype and shape; throws if it overflows or the dtype is unknown.
std::uint64_t length_of(const std::string& dtype, const std::vector<std::uint64_t>& shape,
                        const std::filesystem::path& path, const std::string& name) {
  std::uint64_t length = dtype_bytes(dtype);
  if (length == 0) throw damaged(path, "tensor '" + name + "' has an unknown dtype", {}, dtype);
  for (const std::uint64_t extent : shape) {
    if (__builtin_mul_overflow(length, extent, &length)) {
      throw damaged(path, "tensor '" + name + "' has an absurd shape", {}, shape_text(shape));
    }
  }
  return length;
}

struct Extent {
  std::uint64_t begin, end;
  std::string name;
};

Extent read_entry(const std::string& name, const Json& entry, std::span<const std::byte> data,
                  const std::filesystem::path& path, TensorView& view) {
  Extent extent{0, 0, name};
  try {
    view.dtype = entry.at("dtype").get<std::string>();
    for (const Json& value : entry.at("shape")) {
      if (!value.is_number_unsigned())
        throw damaged(path, "tensor '" + name + "' has a shape that is not whole numbers");
      view.shape.push_back(value.get<std::uint64_t>());
    }
    const Json& offsets = entry.at("data_offsets");
    if (offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
        !offsets[1].is_number_unsigned()) {
      throw damaged(path, "tensor '" + name + "' has no pair of data_offsets");
    }
    extent.begin = offsets[0].get<std::uint64_t>();
    extent.end = offsets[1].get<std::uint64_t>();
  } catch (const JsonError&) {
    throw damaged(path, "tensor '" + name + "' has a malformed header entry",
                  "dtype, shape, data_offsets");
  }
  if (extent.begin > extent.end || extent.end > data.size()) {
    throw damaged(path, "tensor '" + name + "' lies outside the file",
                  cat("at most ", data.size(), " bytes"),
                  cat("offsets ", extent.begin, " to ", extent.end));
  }
  const std::uint64_t length = length_of(view.dtype, view.shape, path, name);
  if (extent.end - extent.begin != length) {
    throw damaged(path, "tensor '" + name + "' has offsets that do not fit its shape",
                  cat(length, " bytes for ", view.dtype, " ", shape_text(view.shape)),
                  cat(extent.end - extent.begin, " bytes"));
  }
  view.data = data.subspan(extent.begin, length);
  return extent;
}

void check_contiguous(std::vector<Extent> extents, std::uint64_t data_size,
                      const std::filesystem::path& path) {
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t position = 0;
  for (const Extent& extent : extents) {
    if (extent.begin != position) {
      throw damaged(path, "tensor '" + extent.name + "' overlaps another or leaves a gap",
                    cat("offset ", position), cat("offset ", extent.begin));
    }
    position = extent.end;
  }
  if (position != data_size) {
    throw damaged(path, "the file does not end with its last tensor",
                  cat(position, " bytes of data"), cat(data_size, " bytes"));
  }
}

// Rejects keys that appear twice, of which the reader would silently keep the last, and what is
// nested deep, which would cost many times the file's size.
Json parse_header(std::string_view text, const std::filesystem::path& path) {
  std::vector<std::vector<std::string>> keys;
  bool repeated = false;
  const auto watch = [&](int depth, JsonEvent event, const std::string& key) {
    if (depth > kMaxDepth) throw damaged(path, "the safetensors header is nested too deep");
    if (event == JsonEvent::object_start) keys.emplace_back();
    if (event == JsonEvent::object_end) {
      std::vector<std::string>& level = keys.back();
      std::sort(level.begin(), level.end());
      repeated = repeated || std::adjacent_find(level.begin(), level.end()) != level.end();
      keys.pop_back();
    }
    if (event == JsonEvent::key) keys.back().push_back(key);
  };
  try {
    Json header = Json::parse(text, watch);
    if (!header.is_object()) throw damaged(path, "the safetensors header is not a JSON object");
    if (repeated) throw damaged(path, "the safetensors header names a tensor twice");
    return header;
  } catch (const JsonError&) {
    throw damaged(path, "the safetensors header is not JSON");
  }
}

}  // namespace

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  SafetensorsFile result;
  result.path_ = path;
  result.file_ = MappedFile(path);
  const std::span<const std::byte> bytes = result.file_.bytes();
  std::uint64_t header_length = 0;
  if (bytes.size() < sizeof header_length)
    throw damaged(path, "not a safetensors file: shorter than 8 bytes");
  std::memcpy(&header_length, bytes.data(), sizeof header_length);
  if (header_length > kMaxHeader || header_length > bytes.size() - sizeof header_length) {
    throw damaged(
        path, "not a safetensors file, or truncated",
        cat("a header of at most ",
            std::min<std::uint64_t>(kMaxHeader, bytes.size() - sizeof header_length), " bytes"),
        header_length > kMaxHeader ? "first bytes of another format"
                                   : cat(header_length, " bytes"));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + sizeof header_length,
                              header_length);
  const Json header = parse_header(text, path);
  if (header.size() > kMaxTensors)
    throw damaged(path, "too many tensors", cat("at most ", kMaxTensors), cat(header.size()));

  const std::span<const std::byte> data = bytes.subspan(sizeof header_length + header_length);
  std::vector<Extent> extents;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      if (!entry.is_object()) throw damaged(path, "the metadata are not an object");
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string()) throw damaged(path, "metadata '" + key + "' is not text");
        result.metadata_[key] = value.get<std::string>();
      }
      continue;
    }
    extents.push_back(read_entry(name, entry, data, path, result.tensors_[name]));
  }
  check_contiguous(std::move(extents), data.size(), path);
  return result;
}

const TensorView& SafetensorsFile::tensor(const std::string& name, const std::string& dtype) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw damaged(path_, "there is no tensor '" + name + "'");
  if (found->second.dtype != dtype) {
    throw damaged(path_, "tensor '" + name + "' has another dtype", dtype, found->second.dtype);
  }
  return found->second;
}

std::string write_safetensors(const std::filesystem::path& path,
                              const std::map<std::string, TensorView>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, view] : tensors) {
    const std::uint64_t length = length_of(view.dtype, view.shape, path, name);
    if (length != view.data.size()) {
      throw damaged(path, "tensor '" + name + "' has data that do not fit its shape",
                    cat(length, " bytes"), cat(view.data.size(), " bytes"));
    }
    header[name] = {
        {"dtype", view.dtype}, {"shape", view.shape}, {"data_offsets", {offset, offset + length}}};
    offset += length;
  }
  std::string text = header.dump(-1, ' ', false, JsonText::replace);
  text.append((kAlign - text.size() % kAlign) % kAlign, ' ');
  const std::uint64_t header_length = text.size();

  Sha256 digest;
  FilePublisher publisher(path);
  const auto put = [&](std::span<const std::byte> bytes) {
    digest.update(bytes);
    publisher.write(bytes);
  };
  put(std::as_bytes(std::span(&header_length, 1)));
  put(std::as_bytes(std::span<const char>(text)));
  for (const auto& [name, view] : tensors) put(view.data);
  publisher.publish();
  return digest.hex();
}

}  // namespace helip::store
