// The inputs that a model embeds, of each modality. Torch-free.
#pragma once

namespace helip::model {

enum class InputKind {
  kRaw,       // pixels [B, 3, H, W], or tokens [B, L] (int64)
  kFeatures,  // features [B, D] of a frozen tower, computed once or given in files
};

struct InputKinds {
  InputKind image = InputKind::kRaw;
  InputKind text = InputKind::kRaw;

  [[nodiscard]] bool any(InputKind kind) const { return image == kind || text == kind; }
  bool operator==(const InputKinds&) const = default;
};

}  // namespace helip::model
