// The check for the matrix unit AMX.
#pragma once

namespace helip::mining {

// Returns true if the processor has AMX for bytes and the system saves its tiles and lets this
// process use them. Asks the system for that permission, which then holds for threads started
// before and after.
bool amx_int8_usable();

}  // namespace helip::mining
