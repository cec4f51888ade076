// The views of an image that SLIP's self-supervised loss compares: SimCLR's augmentations (arXiv
// 2002.05709) as in facebookresearch/SLIP.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "data/image/image.h"
#include "data/image/random_crop.h"

namespace helip::data {

inline constexpr std::uint32_t kViews = 2;

enum class Jitter : std::uint8_t { kBrightness, kContrast, kSaturation, kHue };

// The steps that make a view of an image, in this order.
struct ViewDraws {
  Crop crop{};           // RandomResizedCrop(scale 0.08–1, ratio 3/4–4/3)
  bool jitters = false;  // with probability 0.8: the four changes of colour in `order`
  std::array<Jitter, 4> order{};
  double brightness = 1, contrast = 1, saturation = 1;  // factors, 0.6 to 1.4
  double hue = 0;                                       // turn, -0.1 to 0.1
  bool grey = false;                                    // with probability 0.2
  bool blurs = false;                                   // with probability 0.5
  double deviation = 0;                                 // of the blur, 0.1 to 2 pixels
  bool flips = false;                                   // with probability 0.5: left and right
};

// Returns the draws for one view (view < kViews) of an image of width × height: a pure function of
// the arguments.
ViewDraws draw_view(int width, int height, const AugmentKey& key, std::uint32_t view);

// Makes one view: resizes `region`, which is draws.crop in the pixels of `image`, changes it as the
// draws say and fills `out` [3, size, size] with normalised pixels. Throws as preprocess_region.
void preprocess_view(const PixelView& image, const Box& region, const ViewDraws& draws,
                     const PreprocessConfig& config, std::span<float> out);

}  // namespace helip::data
