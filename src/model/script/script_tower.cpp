#include "model/script/script_tower.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <string>
#include <utility>

#include "common/digest.h"
#include "common/error.h"
#include "common/log.h"
#include "common/mapped_file.h"
#include "common/text.h"
#include "model/layers/layers.h"

namespace helip::model {
namespace {

// As Python writes it.
std::string python(const c10::IValue& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

// A size made a tensor, which a trace does and a script does not.
bool is_traced(const torch::jit::Block& block) {
  return std::ranges::any_of(block.nodes(), [](const torch::jit::Node* node) {
    return node->kind() == c10::prim::NumToTensor ||
           std::ranges::any_of(node->blocks(), [](const auto* inner) { return is_traced(*inner); });
  });
}

// The argument that tells training from evaluation; null if the operation has none.
const char* mode_argument(const torch::jit::Node& node, bool traced) {
  const std::string kind = node.kind().toUnqualString();
  if (!node.kind().is_aten()) return nullptr;
  if (kind == "batch_norm") return "training";
  const auto is_zero = [&](const char* argument) {
    const auto p = torch::jit::toIValue(node.namedInput(argument));
    return p && p->isDouble() && p->toDouble() == 0;
  };
  // Zero is also what a scripted attention without dropout has.
  if (kind == "scaled_dot_product_attention") {
    return is_zero("dropout_p") && !traced ? nullptr : "dropout_p";
  }
  const bool drops = kind == "dropout" || kind == "dropout_" || kind == "native_dropout" ||
                     kind == "feature_dropout" || kind == "alpha_dropout" ||
                     kind == "feature_alpha_dropout";
  return drops && !is_zero("p") ? "train" : nullptr;
}

// PyTorch's fused layers of evaluation, which have no dropout and no gradient. A script has them in
// a branch that training does not take.
bool evaluates_only(const torch::jit::Node& node) {
  const std::string kind = node.kind().toQualString();
  const torch::jit::Node* const around = node.owningBlock()->owningNode();
  return (kind == "aten::_transformer_encoder_layer_fwd" ||
          kind == "aten::_native_multi_head_attention") &&
         (around == nullptr || around->kind() != c10::prim::If);
}

std::string fixed_mode(const torch::jit::Block& block, bool traced) {
  for (const torch::jit::Node* node : block.nodes()) {
    if (evaluates_only(*node)) return node->kind().toQualString();
    if (const char* argument = mode_argument(*node, traced)) {
      const auto value = torch::jit::toIValue(node->namedInput(argument));
      if (value) return cat(node->kind().toQualString(), " with ", argument, " = ", python(*value));
    }
    for (const torch::jit::Block* inner : node->blocks()) {
      std::string found = fixed_mode(*inner, traced);
      if (!found.empty()) return found;
    }
  }
  return {};
}

}  // namespace

std::string one_line(const std::exception& error) {
  const std::string text = error.what();
  const std::size_t last = text.rfind("RuntimeError: ");
  const std::size_t begin = last == std::string::npos ? 0 : last;
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::string named(const PinnedFile& file) {
  return cat(file.path.string(), " (sha256 ", file.sha256, ")");
}

std::string fixed_mode(const torch::jit::Module& module) {
  const auto forward = module.find_method("forward");
  if (!forward) return {};
  const auto graph = forward->graph()->copy();
  torch::jit::Inline(*graph);
  return fixed_mode(*graph->block(), is_traced(*graph->block()));
}

torch::jit::Module load_script(const PinnedFile& file, const c10::Device& device) {
  const MappedFile mapped(file.path);
  std::string bytes(reinterpret_cast<const char*>(mapped.bytes().data()), mapped.bytes().size());
  const std::string found = sha256_hex(bytes);
  if (found != file.sha256) {
    throw StoreError({.what = "the file is not the one that the model names",
                      .where = file.path.string(),
                      .expected = "sha256 " + file.sha256,
                      .found = found});
  }
  // The profiling executor would compile anew for shapes it has seen, and so change roundings in
  // the course of a run.
  torch::jit::getProfilingMode() = false;
  torch::jit::getExecutorMode() = false;
  log::info("TorchScript " + named(file));
  std::istringstream stream(std::move(bytes));
  try {
    torch::jit::Module module = torch::jit::load(stream, device);
    module.eval();
    return module;
  } catch (const std::exception& error) {  // TorchScript throws several kinds
    throw ConfigError({.what = "the tower cannot be loaded",
                       .where = named(file),
                       .expected = "a TorchScript module",
                       .found = one_line(error)});
  }
}

at::Tensor run_script(torch::jit::Module& module, const PinnedFile& file, const at::Tensor& input,
                      std::int64_t feature_dim) {
  at::Tensor features_BD;
  try {
    features_BD = module.forward({input}).toTensor();
  } catch (const std::exception& error) {
    throw ConfigError({.what = "the tower does not run",
                       .where = named(file),
                       .expected = "a TorchScript module that takes " + shape_text(input.sizes()),
                       .found = one_line(error)});
  }
  if (features_BD.dim() != 2 || features_BD.size(0) != input.size(0) ||
      features_BD.size(1) != feature_dim || features_BD.scalar_type() != at::kFloat) {
    throw ConfigError({.what = "the tower gives something else than its features",
                       .where = named(file),
                       .expected = cat("float32 [", input.size(0), ", ", feature_dim, "]"),
                       .found = cat(c10::toString(features_BD.scalar_type()), " ",
                                    shape_text(features_BD.sizes()))});
  }
  return features_BD;
}

FrozenTower::FrozenTower(PinnedFile file, std::int64_t feature_dim)
    : file_(std::move(file)), feature_dim_(feature_dim) {}
FrozenTower::~FrozenTower() = default;

at::Tensor FrozenTower::run(const at::Tensor& input, const c10::Device& device) {
  const at::NoGradGuard no_grad;
  // Freezing makes the weights constants of the graph, so that another device means loading anew.
  if (!module_ || device != device_) {
    torch::jit::Module module = load_script(file_, device);
    module_ = std::make_unique<torch::jit::Module>(torch::jit::freeze(module));
    device_ = device;
  }
  return run_script(*module_, file_, input.to(device), feature_dim_);
}

}  // namespace helip::model
