#include "weights/weights_file.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/text.h"
#include "store/safetensors.h"
#include "weights/limits.h"
#include "weights/torch_file.h"

namespace helip::weights {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxShownName = 60;
// How files begin that torch.save wrote before it wrote zip archives.
constexpr std::string_view kOldMagic = "\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19";

// The first of them, each cut off where it is long.
std::string quoted(const std::vector<std::string_view>& keys) {
  constexpr std::size_t kMaxKeys = 8;
  constexpr std::size_t kMaxLength = 32;
  std::string text;
  for (std::size_t i = 0; i < std::min(keys.size(), kMaxKeys); ++i) {
    const bool cut = keys[i].size() > kMaxLength;
    text += cat(i == 0 ? "'" : ", '", keys[i].substr(0, kMaxLength), cut ? "…'" : "'");
  }
  return text + (keys.size() > kMaxKeys ? cat(" and ", keys.size() - kMaxKeys, " more") : "");
}

// The first tensor of a dict that holds some; null if it holds none.
const std::string_view* first_tensor(const Value& value) {
  const auto* const dict = std::get_if<Dict*>(&value);
  if (dict == nullptr) return nullptr;
  for (const auto& [key, item] : (*dict)->items) {
    const auto* const name = std::get_if<std::string_view>(&key);
    if (name != nullptr && std::holds_alternative<const PickledTensor*>(item)) return name;
  }
  return nullptr;
}

// The keys of a dict that holds something else than tensors. First those where tensors are.
std::string described(const Dict& dict) {
  std::vector<std::string_view> keys;
  std::string inside;
  for (const auto& [key, value] : dict.items) {
    const auto* const name = std::get_if<std::string_view>(&key);
    if (name == nullptr || std::holds_alternative<const PickledTensor*>(value)) continue;
    const std::string_view* const tensor = first_tensor(value);
    if (tensor == nullptr) {
      keys.push_back(*name);
    } else if (inside.empty()) {
      inside = cat("tensors under '", shortened(*name, kMaxShownName), "', as '",
                   shortened(*tensor, kMaxShownName), "'");
    } else {
      keys.insert(keys.begin(), *name);
    }
  }
  if (inside.empty()) return quoted(keys);
  return inside + (keys.empty() ? "" : ", and " + quoted(keys));
}

// Fills `tensors` from a file of torch.save.
class Collector {
 public:
  Collector(TorchFile& file, const std::filesystem::path& path) : file_(file), path_(path) {}

  Tensors take() { return std::move(tensors_); }

  // `expected`: where tensors may stand, for the message.
  void state_dict(const Dict& dict, const std::string& expected) {
    bool other = false;
    for (const auto& [key, value] : dict.items) {
      const auto* const name = std::get_if<std::string_view>(&key);
      if (name == nullptr) fail("the state_dict has a key that is no text");
      const auto* const tensor = std::get_if<const PickledTensor*>(&value);
      if (tensor == nullptr) {
        other = true;
      } else if (!other) {
        add(name_of("", *name), **tensor);
      }
    }
    if (other) fail("the file holds something else than tensors", expected, described(dict));
  }

  // A TorchScript module's attributes are its parameters and buffers, and its submodules'.
  void module(const Object& object, const std::string& prefix, int depth) {
    if (depth > kMaxDepth) fail("the TorchScript module is nested too deep");
    if (object.fields == nullptr) return;
    for (const auto& [key, value] : object.fields->items) {
      const auto* const name = std::get_if<std::string_view>(&key);
      if (name == nullptr) fail("the TorchScript module has an attribute without a name");
      // A module may stand in many places: what is bounded is the walk, not the modules.
      if (++attributes_ > kMaxAttributes) fail("the TorchScript module has too many attributes");
      if (const auto* const tensor = std::get_if<const PickledTensor*>(&value)) {
        add(name_of(prefix, *name), **tensor);
      } else if (const auto* const child = std::get_if<Object*>(&value)) {
        module(**child, name_of(prefix, *name) + ".", depth + 1);
      }
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what, const std::string& expected = {},
                         const std::string& found = {}) const {
    throw StoreError({.what = what, .where = path_.string(), .expected = expected, .found = found});
  }

  std::string name_of(const std::string& prefix, std::string_view name) const {
    const std::size_t length = prefix.size() + name.size();
    if (length > kMaxNameBytes) {
      fail("a tensor's name is too long", cat("at most ", kMaxNameBytes, " bytes"),
           cat(length, " bytes"));
    }
    return prefix + std::string(name);
  }

  void add(const std::string& name, const PickledTensor& tensor) {
    const std::uint64_t most = max_tensors(file_.file_size());
    if (tensors_.size() >= most) {
      fail("the file has too many tensors for its size", cat("at most ", most), "more");
    }
    const std::string plain = plain_name(name);
    if (!tensors_.emplace(plain, file_.view(tensor, plain)).second) {
      fail("two tensors have one name", {}, cat("'", plain, "'"));
    }
  }

  TorchFile& file_;
  const std::filesystem::path& path_;
  Tensors tensors_;
  std::size_t attributes_ = 0;
};

// What a value of a pickle is, in words.
std::string kind_of(const Value& value) {
  if (std::holds_alternative<const PickledTensor*>(value)) return "a tensor alone";
  if (std::holds_alternative<Sequence*>(value)) return "a list";
  if (std::holds_alternative<Object*>(value)) return "an object of a class";
  if (std::holds_alternative<std::string_view>(value)) return "text";
  if (std::holds_alternative<None>(value)) return "None";
  return "a value that is no dict";
}

std::optional<std::int64_t> whole_number(const Dict& dict, std::string_view key) {
  const Value* const value = dict.find(key);
  const auto* const number = value == nullptr ? nullptr : std::get_if<std::int64_t>(value);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

// Empty if it is not plain.
std::optional<CheckpointFacts::Plain> plain(const Value& value) {
  std::optional<CheckpointFacts::Plain> result;
  if (std::holds_alternative<None>(value)) result = nullptr;
  if (const auto* const found = std::get_if<bool>(&value)) result = *found;
  if (const auto* const found = std::get_if<std::int64_t>(&value)) result = *found;
  if (const auto* const found = std::get_if<double>(&value)) result = *found;
  if (const auto* const found = std::get_if<std::string_view>(&value)) {
    result = std::string(*found);
  }
  return result;
}

std::map<std::string, CheckpointFacts::Plain> plain_fields(const Dict& fields,
                                                           const std::filesystem::path& path) {
  std::map<std::string, CheckpointFacts::Plain> result;
  std::size_t bytes = 0;
  for (const auto& [key, value] : fields.items) {
    for (const Value* const part : {&key, &value}) {
      if (const auto* const text = std::get_if<std::string_view>(part)) bytes += text->size();
    }
    if (bytes > kMaxArgsBytes) {
      throw StoreError({.what = "the checkpoint's args are too large",
                        .where = path.string(),
                        .expected = cat("at most ", kMaxArgsBytes, " bytes of text"),
                        .found = "more"});
    }
    const auto* const name = std::get_if<std::string_view>(&key);
    const auto content = plain(value);
    if (name != nullptr && content) result[std::string(*name)] = *content;
  }
  return result;
}

void read_facts(const Dict& checkpoint, const std::filesystem::path& path, CheckpointFacts& facts) {
  facts.epoch = whole_number(checkpoint, "epoch");
  facts.step = whole_number(checkpoint, "global_step");
  if (const Value* const name = checkpoint.find("name")) {
    if (const auto* const text = std::get_if<std::string_view>(name)) facts.name = *text;
  }
  for (const auto& [key, value] : checkpoint.items) {
    const auto* const text = std::get_if<std::string_view>(&key);
    if (text == nullptr || *text == "state_dict" || first_tensor(value) == nullptr) continue;
    facts.other_models.push_back(shortened(*text, kMaxShownName));
  }
  const Value* const args = checkpoint.find("args");
  if (args == nullptr) return;
  const Dict* fields = nullptr;
  if (const auto* const object = std::get_if<Object*>(args)) fields = (*object)->fields;
  if (const auto* const dict = std::get_if<Dict*>(args)) fields = *dict;
  if (fields != nullptr) facts.args = plain_fields(*fields, path);
}

Tensors read_torch_file(TorchFile& file, const std::filesystem::path& path,
                        CheckpointFacts& facts) {
  Collector collector(file, path);
  if (file.torch_script()) {
    facts.container = "TorchScript";
    collector.module(*std::get<Object*>(file.root()), "", 0);
    return collector.take();
  }
  facts.container = "torch.save";
  const auto* const root = std::get_if<Dict*>(&file.root());
  if (root == nullptr) {
    throw StoreError({.what = "the file holds no checkpoint",
                      .where = path.string(),
                      .expected = "a state_dict, or a dict with one",
                      .found = kind_of(file.root())});
  }
  if ((*root)->find("param_groups") != nullptr && (*root)->find("state") != nullptr) {
    throw StoreError({.what = "the file holds an optimizer's state and no model",
                      .where = path.string(),
                      .expected = "the checkpoint that holds the model",
                      .found = described(**root)});
  }
  const Dict* state = *root;
  std::string expected = "`state_dict`, or a bare state_dict: save the one you want alone";
  if (const Value* const inner = (*root)->find("state_dict")) {
    const auto* const dict = std::get_if<Dict*>(inner);
    if (dict == nullptr) {
      throw StoreError({.what = "the checkpoint's state_dict is no dict",
                        .where = path.string(),
                        .expected = "tensors by their names",
                        .found = kind_of(*inner)});
    }
    state = *dict;
    expected = "tensors alone in `state_dict`";
    read_facts(**root, path, facts);
  }
  collector.state_dict(*state, expected);
  return collector.take();
}

Tensors plain_names(const Tensors& tensors, const std::filesystem::path& path) {
  Tensors result;
  for (const auto& [name, view] : tensors) {
    if (!result.emplace(plain_name(name), view).second) {
      throw StoreError({.what = "two tensors have one name",
                        .where = path.string(),
                        .found = cat("'", plain_name(name), "'")});
    }
  }
  return result;
}

bool is_one(std::uint64_t extent) { return extent == 1; }

// OpenCLIP's plain names, and parameters and buffers alone.
Tensors canonical(Tensors tensors, Layout layout, const std::filesystem::path& path) {
  std::erase_if(tensors, [](const auto& item) { return is_no_parameter(item.first); });
  // A scalar here. FSDP and the first CLIPs have it as a list of one.
  if (const auto scale = tensors.find("logit_scale");
      scale != tensors.end() && std::ranges::all_of(scale->second.shape, is_one)) {
    scale->second.shape.clear();
  }
  if (layout != Layout::kCustomText) return tensors;
  Tensors result;
  for (auto& [name, view] : tensors) {
    const std::string renamed = without_text_prefix(name);
    if (!result.emplace(renamed, std::move(view)).second) {
      throw StoreError({.what = "the text tower is there twice",
                        .where = path.string(),
                        .found = cat("'", name, "' and '", renamed, "'")});
    }
  }
  return result;
}

// Only OpenAI's archives, and state_dicts taken of them, have these three.
bool is_openai(const Tensors& tensors) {
  return tensors.contains("input_resolution") && tensors.contains("context_length") &&
         tensors.contains("vocab_size");
}

// True if `magic` stands at byte `offset` of the file.
bool has_mark(const std::filesystem::path& path, std::string_view magic,
              std::streamoff offset = 0) {
  std::string begin(magic.size(), '\0');
  std::ifstream stream(path, std::ios::binary);
  stream.seekg(offset);
  return stream.read(begin.data(), static_cast<std::streamsize>(begin.size())) && begin == magic;
}

// What a file is that neither torch.save nor safetensors wrote, by its first bytes; empty if that
// is not known.
std::string_view other_format(const std::filesystem::path& path) {
  struct Format {
    std::string_view magic, name;
  };
  constexpr std::streamoff kTarMark = 257;
  constexpr std::array kFormats = {
      Format{"version https://git-lfs", "a pointer of Git LFS: fetch the file with git lfs pull"},
      Format{"<", "a page of HTML or XML"},
      Format{"\x1F\x8B", "gzip: unpack it"},
      Format{"\x93NUMPY", "a NumPy array"},
      Format{"\x89HDF", "HDF5"},
      Format{"GGUF", "GGUF"},
      Format{"PAR1", "a Parquet file"},
      Format{"\x89PNG", "a PNG image"},
      Format{"\xFF\xD8\xFF", "a JPEG image"},
  };
  if (has_mark(path, "ustar", kTarMark)) return "a tar: unpack it";
  std::error_code error;
  if (std::filesystem::file_size(path, error) == 0 && !error) return "an empty file";
  for (const Format& format : kFormats) {
    if (has_mark(path, format.magic)) return format.name;
  }
  return {};
}

}  // namespace

WeightsFile WeightsFile::open(const std::filesystem::path& path) {
  WeightsFile result;
  Tensors tensors;
  if (TorchFile::is_archive(path)) {
    auto file = std::make_shared<TorchFile>(TorchFile::open(path));
    tensors = read_torch_file(*file, path, result.facts_);
    result.file_ = std::move(file);
  } else if (has_mark(path, kOldMagic)) {
    throw StoreError({.what = "the file is in the format of PyTorch before 1.6",
                      .where = path.string(),
                      .expected = "a zip archive: load it in Python and torch.save it again"});
  } else if (const std::string_view other = other_format(path); !other.empty()) {
    throw StoreError({.what = "the file holds no weights",
                      .where = path.string(),
                      .expected = "a file of torch.save, or safetensors",
                      .found = std::string(other)});
  } else {
    result.facts_.container = "safetensors";
    auto file = std::make_shared<store::SafetensorsFile>(store::SafetensorsFile::open(path));
    tensors = plain_names(file->tensors(), path);
    result.file_ = std::move(file);
  }
  if (tensors.empty()) {
    throw StoreError({.what = "the file holds no tensor", .where = path.string()});
  }
  result.facts_.layout = layout_of(tensors);
  result.facts_.openai = is_openai(tensors);
  result.tensors_ = canonical(std::move(tensors), result.facts_.layout, path);
  return result;
}

}  // namespace helip::weights
