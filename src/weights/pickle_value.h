// The content of a checkpoint's pickle, as plain data. Nothing in it can be called.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace helip::weights {

struct Dict;
struct Object;
struct PickledTensor;
struct Sequence;
struct Storage;

// The names of Python that a pickle may use.
enum class GlobalKind : std::uint8_t {
  kDict,               // collections.OrderedDict
  kTensor,             // torch._utils._rebuild_tensor_v2
  kParameter,          // torch._utils._rebuild_parameter: of its first argument, a tensor
  kSequence,           // of its one argument, a sequence: torch.Size, set, TorchScript's lists
  kStorage,            // a storage class, by its dtype
  kDType,              // torch.float16, …
  kOpaque,             // classes whose objects are only carried along: argparse.Namespace, …
  kTorchScriptModule,  // __torch__.…: the attributes are what counts
};

struct Global {
  std::string_view name;  // "collections.OrderedDict"; "__torch__" of TorchScript's
  GlobalKind kind = GlobalKind::kOpaque;
  std::string_view dtype = {};  // of a storage class; empty: bytes without one
};

struct None {};
// Something without plain content: bytes, integers of more than 64 bits.
struct Opaque {};

using Value = std::variant<None, bool, std::int64_t, double, std::string_view, Opaque, Sequence*,
                           Dict*, Object*, const Global*, const Storage*, const PickledTensor*>;

struct Sequence {
  enum class Kind : std::uint8_t { kList, kTuple, kSet };
  Kind kind = Kind::kList;
  std::vector<Value> items = {};
};

struct Dict {
  std::vector<std::pair<Value, Value>> items = {};
  // Returns the value of the last such text key; null if there is none.
  [[nodiscard]] const Value* find(std::string_view key) const;
};

struct Object {
  const Global* type = nullptr;
  const Dict* fields = nullptr;  // null: nothing is known of it
};

struct Storage {
  std::string_view dtype;  // of safetensors; empty: bytes
  std::string_view key;    // of its record, data/KEY
  std::uint64_t elements = 0;
};

// A window of a storage, in elements. Not yet held against the storage's size.
struct PickledTensor {
  const Storage* storage = nullptr;
  std::uint64_t offset = 0;
  std::vector<std::uint64_t> shape = {};
  std::vector<std::uint64_t> strides = {};
};

// The content of one pickle. Values point into it, text into the pickle's own bytes.
class Pickle {
 public:
  Pickle() = default;
  Pickle(Pickle&&) noexcept = default;
  Pickle& operator=(Pickle&&) noexcept = default;

  Value root = None{};

  // Returns where the node is kept from now on: as long as the pickle lives.
  template <typename Node>
  Node* add(Node node) {
    auto& nodes = std::get<std::deque<Node>>(nodes_);
    nodes.push_back(std::move(node));
    return &nodes.back();
  }

 private:
  // Addresses in a deque stay.
  std::tuple<std::deque<Sequence>, std::deque<Dict>, std::deque<Object>, std::deque<Global>,
             std::deque<Storage>, std::deque<PickledTensor>>
      nodes_;
};

}  // namespace helip::weights
