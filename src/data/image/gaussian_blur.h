// Pillow's Gaussian blur: three box blurs each way (Gwosdek et al., "Theoretical foundations of
// Gaussian convolution by extended box filtering", SSVM 2011).
#pragma once

#include "data/image/image.h"

namespace helip::data {

// Blurs the image in place, with the same bytes as ImageFilter.GaussianBlur(deviation) of Pillow
// 13. `deviation` is in pixels, above 0; pixels beyond the edge are the edge's.
void gaussian_blur(Image& image, double deviation);

}  // namespace helip::data
