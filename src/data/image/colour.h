// Changes an image's colours in place, with the same bytes as torchvision with Pillow 13.
#pragma once

#include "data/image/image.h"

namespace helip::data {

// Scale the image's distance from black (brightness), from its mean grey (contrast) or from the
// grey image (saturation) by `factor`. Factor 1 leaves the image as it is.
void adjust_brightness(Image& image, float factor);
void adjust_contrast(Image& image, float factor);
void adjust_saturation(Image& image, float factor);

// Turns the hue by `turn` of the circle, -0.5 to 0.5, through 8-bit HSV.
void adjust_hue(Image& image, double turn);

// Sets all three channels to the ITU-R 601-2 luma.
void make_grey(Image& image);

}  // namespace helip::data
