#include "config/section_checks.h"

namespace helip::config {

void check(const LossConfig& loss, Checks& checks) {
  checks.that(not_negative(loss.margin_weight), "loss.margin_weight", "0 or more",
              loss.margin_weight);
  checks.that(positive(loss.margin_scale), "loss.margin_scale", "a number above 0",
              loss.margin_scale);
  checks.one_of(loss.margin_direction, "loss.margin_direction", {"image", "both"});
}

void check(const SlipConfig& slip, Checks& checks) {
  checks.that(not_negative(slip.ssl_weight), "slip.ssl_weight", "0 (off) or more", slip.ssl_weight);
  checks.that(positive(slip.ssl_temperature), "slip.ssl_temperature", "a number above 0",
              slip.ssl_temperature);
  checks.one_of(slip.ssl_on, "slip.ssl_on", {"seeds", "all"});
}

}  // namespace helip::config
