#include "model/files/preprocess_config.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "common/json.h"
#include "common/text.h"
#include "model/files/json_fields.h"

namespace helip::model {
namespace {

// OpenCLIP's mean and std, whose floats have other, shorter or equally short, decimal numbers.
constexpr std::array kOpenClip = {0.48145466, 0.4578275,  0.40821073,
                                  0.26862954, 0.26130258, 0.27577711};

// The decimal number that people write for this float: OpenCLIP's, else the shortest.
double decimal_of(float value) {
  for (const double known : kOpenClip) {
    if (static_cast<float>(known) == value) return known;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  double result = 0;
  std::from_chars(digits, end, result);
  return result;
}

}  // namespace

data::PreprocessConfig read_preprocess(JsonFields& fields, std::optional<int> default_size) {
  data::PreprocessConfig result;
  result.size =
      default_size && !fields.has("size") ? *default_size : static_cast<int>(fields.square("size"));
  fields.ignore("size");
  if (result.size > kMaxImageSize) {
    fields.fail("size", "wrong value", cat("at most ", kMaxImageSize), cat(result.size));
  }
  fields.only("mode", "RGB");
  fields.ignore("fill_color");
  result.resize_mode = fields.text("resize_mode", result.resize_mode);
  if (result.resize_mode != "shortest" && result.resize_mode != "squash") {
    fields.fail("resize_mode", "not supported", "shortest or squash", result.resize_mode);
  }
  const std::string interpolation = fields.text("interpolation", "bicubic");
  if (interpolation != "bicubic" && interpolation != "bilinear") {
    fields.fail("interpolation", "not supported", "bicubic or bilinear", interpolation);
  }
  result.interpolation =
      interpolation == "bicubic" ? data::Interpolation::kBicubic : data::Interpolation::kBilinear;
  const auto read_channels = [&](const char* key, float(&out)[3], bool divisor) {
    fields.ignore(key);
    if (!fields.has(key)) return;
    const std::vector<double> values = fields.numbers(key, 3);
    for (std::size_t c = 0; c < 3; ++c) {
      out[c] = static_cast<float>(values[c]);
      if (!std::isfinite(out[c]) || (divisor && !(out[c] > 0))) {
        fields.fail(key, "wrong value", divisor ? "three numbers above 0" : "three finite numbers",
                    cat(values[c]));
      }
    }
  };
  read_channels("mean", result.mean, false);
  read_channels("std", result.std, true);
  fields.finish();
  return result;
}

Json preprocess_json(const data::PreprocessConfig& preprocess) {
  const bool bicubic = preprocess.interpolation == data::Interpolation::kBicubic;
  Json json = {{"size", preprocess.size},
               {"resize_mode", preprocess.resize_mode},
               {"interpolation", bicubic ? "bicubic" : "bilinear"},
               {"mean", Json::array()},
               {"std", Json::array()}};
  for (const float value : preprocess.mean) json["mean"].push_back(decimal_of(value));
  for (const float value : preprocess.std) json["std"].push_back(decimal_of(value));
  return json;
}

}  // namespace helip::model
