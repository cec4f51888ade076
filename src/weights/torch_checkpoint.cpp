#include "weights/torch_checkpoint.h"

#include <variant>

#include "common/error.h"
#include "common/text.h"
#include "weights/pickle_globals.h"
#include "weights/pickle_writer.h"
#include "weights/zip_writer.h"

namespace helip::weights {
namespace {

constexpr const char* kFolder = "archive/";
// The version that PyTorch writes into its archives since 1.6.
constexpr const char* kArchiveVersion = "3\n";

void write_numbers(PickleWriter& pickle, const std::vector<std::uint64_t>& numbers) {
  pickle.op(Opcode::kMark);
  for (const std::uint64_t number : numbers) pickle.integer(static_cast<std::int64_t>(number));
  pickle.op(Opcode::kTuple);
}

std::vector<std::uint64_t> row_major_strides(const std::vector<std::uint64_t>& shape) {
  std::vector<std::uint64_t> strides(shape.size());
  std::uint64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0; stride *= shape[i]) strides[i] = stride;
  return strides;
}

// torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())
void write_tensor(PickleWriter& pickle, const store::TensorView& tensor,
                  const std::string& record) {
  pickle.global("torch._utils", "_rebuild_tensor_v2").op(Opcode::kMark).op(Opcode::kMark);
  pickle.text("storage").global("torch", storage_class(tensor.dtype)).text(record).text("cpu");
  pickle.integer(static_cast<std::int64_t>(tensor.data.size() / store::dtype_bytes(tensor.dtype)));
  pickle.op(Opcode::kTuple).op(Opcode::kBinPersId).integer(0);
  write_numbers(pickle, tensor.shape);
  write_numbers(pickle, row_major_strides(tensor.shape));
  pickle.boolean(false).ordered_dict().op(Opcode::kTuple).op(Opcode::kReduce);
}

void write_plain(PickleWriter& pickle, const CheckpointFacts::Plain& value) {
  std::visit(
      [&](const auto& content) {
        using Kind = std::decay_t<decltype(content)>;
        if constexpr (std::is_same_v<Kind, std::nullptr_t>) pickle.none();
        if constexpr (std::is_same_v<Kind, bool>) pickle.boolean(content);
        if constexpr (std::is_same_v<Kind, std::int64_t>) pickle.integer(content);
        if constexpr (std::is_same_v<Kind, double>) pickle.real(content);
        if constexpr (std::is_same_v<Kind, std::string>) pickle.text(content);
      },
      value);
}

std::string pickle_of(const TorchCheckpoint& checkpoint) {
  PickleWriter pickle;
  pickle.op(Opcode::kEmptyDict).op(Opcode::kMark);
  pickle.text("epoch").integer(checkpoint.epoch);
  if (!checkpoint.name.empty()) pickle.text("name").text(checkpoint.name);
  pickle.text("state_dict").ordered_dict().op(Opcode::kMark);
  for (std::size_t i = 0; i < checkpoint.tensors.size(); ++i) {
    const auto& [name, tensor] = checkpoint.tensors[i];
    pickle.text(checkpoint.prefix + name);
    write_tensor(pickle, tensor, cat(i));
  }
  pickle.op(Opcode::kSetItems);
  if (!checkpoint.args.empty()) {
    pickle.text("args").global("argparse", "Namespace").op(Opcode::kEmptyTuple);
    pickle.op(Opcode::kNewObj).op(Opcode::kEmptyDict).op(Opcode::kMark);
    for (const auto& [name, value] : checkpoint.args) {
      pickle.text(name);
      write_plain(pickle, value);
    }
    pickle.op(Opcode::kSetItems).op(Opcode::kBuild);
  }
  return pickle.op(Opcode::kSetItems).finish();
}

}  // namespace

void write_torch_checkpoint(const std::filesystem::path& path, const TorchCheckpoint& checkpoint) {
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (storage_class(tensor.dtype).empty()) {
      throw StoreError({.what = "tensor '" + name + "' has a dtype that PyTorch has no storage for",
                        .where = path.string(),
                        .found = tensor.dtype});
    }
  }
  ZipWriter zip(path);
  const std::string folder = kFolder;
  zip.add(folder + "data.pkl", pickle_of(checkpoint));
  zip.add(folder + "byteorder", "little");
  for (std::size_t i = 0; i < checkpoint.tensors.size(); ++i) {
    zip.add(cat(folder, "data/", i), checkpoint.tensors[i].second.data);
  }
  zip.add(folder + "version", kArchiveVersion);
  zip.publish();
}

}  // namespace helip::weights
