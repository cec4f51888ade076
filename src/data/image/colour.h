// Changes of an image's colours, in place, as torchvision makes them with Pillow 13: the same
// bytes.
#pragma once

#include "data/image/image.h"

namespace helip::data {

// Factor 1 leaves the image as it is; 0 gives black, the mean grey, or the grey image.
void adjust_brightness(Image& image, float factor);
void adjust_contrast(Image& image, float factor);
void adjust_saturation(Image& image, float factor);

// Turns the hue by `turn` of the circle, -0.5 to 0.5, through 8-bit HSV.
void adjust_hue(Image& image, double turn);

// ITU-R 601-2 luma in all three channels.
void make_grey(Image& image);

}  // namespace helip::data
