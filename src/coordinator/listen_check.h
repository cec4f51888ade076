// Whether the coordinator can listen where it is told to, before anything starts.
#pragma once

#include <string>

namespace helip::coordinator {

// "host:port", host in brackets if it is an IPv6 address.
struct HostPort {
  std::string host, port;
};

// Returns the parts of an address. Throws ConfigError at coordinator.listen if it is not host:port.
HostPort split_address(const std::string& listen);

// Returns true for addresses of 127.0.0.0/8, ::1 and localhost. Throws as split_address().
bool is_loopback(const std::string& listen);

// Throws ConfigError at coordinator.listen: no address, an address beyond loopback without
// `insecure_network`, a port above 65535, or one that cannot be had (another program has it, the
// address is not this machine's). Listens for a moment.
void check_listen(const std::string& listen, bool insecure_network);

}  // namespace helip::coordinator
