#include "weights/pickle_globals.h"

#include <array>

namespace helip::weights {
namespace {

struct Known {
  std::string_view name;
  Role role;
  std::string_view dtype = {};
};

constexpr std::string_view kTorchScript = "__torch__";

// Python 2's names of built-in modules are those of protocol 2.
constexpr std::array kKnown = {
    Known{"collections.OrderedDict", Role::kDict},
    Known{"torch._utils._rebuild_tensor_v2", Role::kTensor},
    Known{"torch._utils._rebuild_parameter", Role::kParameter},
    Known{"torch._utils._rebuild_parameter_with_state", Role::kParameter},
    Known{"torch.Size", Role::kSequence},
    Known{"__builtin__.set", Role::kSequence},
    Known{"builtins.set", Role::kSequence},
    Known{"__builtin__.frozenset", Role::kSequence},
    Known{"builtins.frozenset", Role::kSequence},
    Known{"torch.jit._pickle.build_intlist", Role::kSequence},
    Known{"torch.jit._pickle.build_doublelist", Role::kSequence},
    Known{"torch.jit._pickle.build_boollist", Role::kSequence},
    Known{"torch.jit._pickle.build_tensorlist", Role::kSequence},
    Known{"torch.FloatStorage", Role::kStorage, "F32"},
    Known{"torch.HalfStorage", Role::kStorage, "F16"},
    Known{"torch.BFloat16Storage", Role::kStorage, "BF16"},
    Known{"torch.DoubleStorage", Role::kStorage, "F64"},
    Known{"torch.LongStorage", Role::kStorage, "I64"},
    Known{"torch.IntStorage", Role::kStorage, "I32"},
    Known{"torch.ShortStorage", Role::kStorage, "I16"},
    Known{"torch.ByteStorage", Role::kStorage, "U8"},
    Known{"torch.CharStorage", Role::kStorage, "I8"},
    Known{"torch.BoolStorage", Role::kStorage, "BOOL"},
    Known{"torch.storage.UntypedStorage", Role::kStorage},
    Known{"torch.float32", Role::kDType},
    Known{"torch.float16", Role::kDType},
    Known{"torch.bfloat16", Role::kDType},
    Known{"torch.float64", Role::kDType},
    Known{"torch.int64", Role::kDType},
    Known{"torch.int32", Role::kDType},
    Known{"torch.int16", Role::kDType},
    Known{"torch.int8", Role::kDType},
    Known{"torch.uint8", Role::kDType},
    Known{"torch.bool", Role::kDType},
    Known{"torch.device", Role::kOpaque},
    Known{"argparse.Namespace", Role::kOpaque},
    Known{"_codecs.encode", Role::kOpaque},
    Known{"__builtin__.bytes", Role::kOpaque},
    Known{"builtins.bytes", Role::kOpaque},
    Known{"numpy.dtype", Role::kOpaque},
    Known{"numpy.core.multiarray.scalar", Role::kOpaque},
    Known{"numpy._core.multiarray.scalar", Role::kOpaque},
};

}  // namespace

std::optional<Global> find_global(std::string_view module, std::string_view name) {
  const std::string full = std::string(module) + "." + std::string(name);
  for (const Known& known : kKnown) {
    if (known.name == full) return Global{known.name, known.role, known.dtype};
  }
  if (module == kTorchScript || module.starts_with("__torch__.")) {
    return Global{kTorchScript, Role::kTorchScriptModule};
  }
  return std::nullopt;
}

std::string_view storage_class(std::string_view dtype) {
  constexpr std::string_view kModule = "torch.";
  for (const Known& known : kKnown) {
    if (known.role == Role::kStorage && !dtype.empty() && known.dtype == dtype) {
      return known.name.substr(kModule.size());
    }
  }
  return {};
}

}  // namespace helip::weights
