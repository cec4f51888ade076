// Whether this process may use the matrix unit AMX.
#pragma once

namespace helip::mining {

// The processor has AMX for bytes, and the system saves its tiles and lets this process use them.
// Asks the system for that: threads started before and after may then use it too.
bool amx_int8_usable();

}  // namespace helip::mining
