#include "common/percent.h"

#include <cmath>

#include "common/text.h"

namespace helip {

std::string percent(double share) { return cat(std::round(share * 1e4) / 1e2, " %"); }

}  // namespace helip
