#include "weights/pickle_globals.h"

#include <array>

namespace helip::weights {
namespace {

struct Known {
  std::string_view name;
  GlobalKind kind;
  std::string_view dtype = {};
};

constexpr std::string_view kTorchScript = "__torch__";

// Python 2's names of built-in modules are those of protocol 2.
constexpr std::array kKnown = {
    Known{"collections.OrderedDict", GlobalKind::kDict},
    Known{"torch._utils._rebuild_tensor_v2", GlobalKind::kTensor},
    Known{"torch._utils._rebuild_parameter", GlobalKind::kParameter},
    Known{"torch._utils._rebuild_parameter_with_state", GlobalKind::kParameter},
    Known{"torch.Size", GlobalKind::kSequence},
    Known{"__builtin__.set", GlobalKind::kSequence},
    Known{"builtins.set", GlobalKind::kSequence},
    Known{"__builtin__.frozenset", GlobalKind::kSequence},
    Known{"builtins.frozenset", GlobalKind::kSequence},
    Known{"torch.jit._pickle.build_intlist", GlobalKind::kSequence},
    Known{"torch.jit._pickle.build_doublelist", GlobalKind::kSequence},
    Known{"torch.jit._pickle.build_boollist", GlobalKind::kSequence},
    Known{"torch.jit._pickle.build_tensorlist", GlobalKind::kSequence},
    Known{"torch.FloatStorage", GlobalKind::kStorage, "F32"},
    Known{"torch.HalfStorage", GlobalKind::kStorage, "F16"},
    Known{"torch.BFloat16Storage", GlobalKind::kStorage, "BF16"},
    Known{"torch.DoubleStorage", GlobalKind::kStorage, "F64"},
    Known{"torch.LongStorage", GlobalKind::kStorage, "I64"},
    Known{"torch.IntStorage", GlobalKind::kStorage, "I32"},
    Known{"torch.ShortStorage", GlobalKind::kStorage, "I16"},
    Known{"torch.ByteStorage", GlobalKind::kStorage, "U8"},
    Known{"torch.CharStorage", GlobalKind::kStorage, "I8"},
    Known{"torch.BoolStorage", GlobalKind::kStorage, "BOOL"},
    Known{"torch.storage.UntypedStorage", GlobalKind::kStorage},
    Known{"torch.float32", GlobalKind::kDType},
    Known{"torch.float16", GlobalKind::kDType},
    Known{"torch.bfloat16", GlobalKind::kDType},
    Known{"torch.float64", GlobalKind::kDType},
    Known{"torch.int64", GlobalKind::kDType},
    Known{"torch.int32", GlobalKind::kDType},
    Known{"torch.int16", GlobalKind::kDType},
    Known{"torch.int8", GlobalKind::kDType},
    Known{"torch.uint8", GlobalKind::kDType},
    Known{"torch.bool", GlobalKind::kDType},
    Known{"torch.device", GlobalKind::kOpaque},
    Known{"argparse.Namespace", GlobalKind::kOpaque},
    Known{"_codecs.encode", GlobalKind::kOpaque},
    Known{"__builtin__.bytes", GlobalKind::kOpaque},
    Known{"builtins.bytes", GlobalKind::kOpaque},
    Known{"numpy.dtype", GlobalKind::kOpaque},
    Known{"numpy.core.multiarray.scalar", GlobalKind::kOpaque},
    Known{"numpy._core.multiarray.scalar", GlobalKind::kOpaque},
};

}  // namespace

std::optional<Global> find_global(std::string_view module, std::string_view name) {
  const std::string full = std::string(module) + "." + std::string(name);
  for (const Known& known : kKnown) {
    if (known.name == full) return Global{known.name, known.kind, known.dtype};
  }
  if (module == kTorchScript || module.starts_with("__torch__.")) {
    return Global{kTorchScript, GlobalKind::kTorchScriptModule};
  }
  return std::nullopt;
}

std::string_view storage_class(std::string_view dtype) {
  constexpr std::string_view kModule = "torch.";
  for (const Known& known : kKnown) {
    if (known.kind == GlobalKind::kStorage && !dtype.empty() && known.dtype == dtype) {
      return known.name.substr(kModule.size());
    }
  }
  return {};
}

}  // namespace helip::weights
