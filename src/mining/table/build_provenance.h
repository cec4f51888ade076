// What a bit-reproducible artefact was made by.
#pragma once

#include <string>

namespace helip::mining {

// The processor's model name as the system gives it; "unknown" if it gives none.
std::string cpu_model();

// Version of HELIP and compiler.
std::string build_id();

}  // namespace helip::mining
