// Shares as text.
#pragma once

#include <string>

namespace helip {

// Returns `share` in percent with up to two digits after the point: percent(0.05) == "5 %",
// percent(0.0025) == "0.25 %".
std::string percent(double share);

}  // namespace helip
