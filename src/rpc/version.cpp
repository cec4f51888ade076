#include "rpc/version.h"

namespace helip::rpc {

std::string build_name() { return HELIP_VERSION; }

}  // namespace helip::rpc
