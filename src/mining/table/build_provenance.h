// The processor and the build that made a bit-reproducible artefact.
#pragma once

#include <string>

namespace helip::mining {

// Returns the processor's model name as the system gives it; "unknown" if it gives none.
std::string cpu_model();

// Returns the versions of HELIP and of the compiler as one line of text.
std::string build_id();

}  // namespace helip::mining
