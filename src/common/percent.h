// Shares as text.
#pragma once

#include <string>

namespace helip {

// "5 %", "0.25 %": rounded to two digits.
std::string percent(double share);

}  // namespace helip
