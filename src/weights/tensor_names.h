// Recognises whose names a checkpoint's tensors have, and translates them.
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

// Returns the layout's name for messages: "OpenCLIP", "OpenCLIP (custom text)", "SLIP", "other".
std::string_view layout_name(Layout layout);

// Returns the name without the prefixes that DistributedDataParallel (module.) and torch.compile
// (_orig_mod.) add.
std::string plain_name(std::string_view name);

// Returns the layout that has these names, by names which no other layout has.
Layout layout_of(const Tensors& tensors);

// Returns the name of SLIP's model with these tensors, in SLIP's own words: SIMCLR_ without a joint
// space, SLIP_ with the self-supervised head too, else CLIP_, and VITS16, VITB16 or VITL16 by the
// width. Returns an empty name if the tensors are not SLIP's.
std::string slip_model(const Tensors& tensors);

// Returns the OpenCLIP name of a tensor of OpenCLIP's custom-text layout.
std::string without_text_prefix(const std::string& name);

// Returns true of an entry that is no parameter or buffer of a model: numbers about the shape
// (input_resolution, context_length, vocab_size, in OpenAI's files) and the causal mask.
bool is_no_parameter(std::string_view name);

}  // namespace helip::weights
