// Whose names a checkpoint's tensors have, and what they are called here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "store/tensor_view.h"

namespace helip::weights {

using Tensors = std::map<std::string, store::TensorView>;

enum class Layout : std::uint8_t {
  kOpenClip,    // OpenCLIP's and OpenAI's: visual.transformer.resblocks.N.…, visual.layer1.…
  kCustomText,  // OpenCLIP's with the text tower under text.
  kSlip,        // SLIP's: visual.blocks.N.…, image_projection
  kOther,
};

// "OpenCLIP", "OpenCLIP (custom text)", "SLIP", "other".
std::string_view layout_name(Layout layout);

// Without the prefixes that DistributedDataParallel (module.) and torch.compile (_orig_mod.) add.
std::string plain_name(std::string_view name);

// Told by the names that only one of them has.
Layout layout_of(const Tensors& tensors);

// The name of SLIP's model with these tensors, in SLIP's own words: SIMCLR_ without a joint space,
// SLIP_ with the self-supervised head too, else CLIP_, and VITS16, VITB16 or VITL16 by the width.
// Empty: not SLIP's.
std::string slip_model(const Tensors& tensors);

// The OpenCLIP name of a tensor of OpenCLIP's custom-text layout.
std::string without_text_prefix(const std::string& name);

// What such files hold beside a model's parameters and buffers: numbers about its shape
// (input_resolution, context_length, vocab_size, of OpenAI's files) and the causal mask.
bool is_no_parameter(std::string_view name);

}  // namespace helip::weights
