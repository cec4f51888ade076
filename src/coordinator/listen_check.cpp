#include "coordinator/listen_check.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "common/error.h"
#include "common/text.h"

namespace helip::coordinator {
namespace {

constexpr const char* kKey = "coordinator.listen";

// Why nobody can listen at this address; empty if one can.
std::string binding_problem(const addrinfo& address) {
  const int end = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (end < 0) return std::system_category().message(errno);
  // As gRPC does: a port whose last connections are still closing is free.
  const int yes = 1;
  ::setsockopt(end, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  const bool bound = ::bind(end, address.ai_addr, address.ai_addrlen) == 0;
  const bool listens = bound && ::listen(end, 1) == 0;
  const std::string problem = listens ? "" : std::system_category().message(errno);
  ::close(end);
  return problem;
}

// The first problem of all addresses of the host, if none can be had.
std::string listening_problem(const HostPort& place) {
  std::string host = place.host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const bool any = host == "*";
  const int problem =
      ::getaddrinfo(any ? nullptr : host.c_str(), place.port.c_str(), &hints, &found);
  if (problem != 0) return ::gai_strerror(problem);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, ::freeaddrinfo);
  std::string first;
  for (const addrinfo* address = list.get(); address != nullptr; address = address->ai_next) {
    const std::string reason = binding_problem(*address);
    if (reason.empty()) return {};
    if (first.empty()) first = reason;
  }
  return first;
}

}  // namespace

HostPort split_address(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  const bool digits = colon != std::string::npos && colon + 1 < listen.size() &&
                      listen.find_first_not_of("0123456789", colon + 1) == std::string::npos;
  if (!digits || colon == 0) {
    throw ConfigError({.what = "not an address to listen on",
                       .where = kKey,
                       .expected = "host:port, as 127.0.0.1:0",
                       .found = listen});
  }
  return {listen.substr(0, colon), listen.substr(colon + 1)};
}

bool is_loopback(const std::string& listen) {
  const std::string host = split_address(listen).host;
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

void check_listen(const std::string& listen, bool insecure_network) {
  const HostPort place = split_address(listen);
  if (!is_loopback(listen) && !insecure_network) {
    throw ConfigError(
        {.what = "listening beyond loopback without encryption and authentication; mutual TLS is "
                 "not supported yet: say --insecure-network (coordinator.insecure_network: true) "
                 "to trust this network",
         .where = kKey,
         .expected = "an address in 127.0.0.0/8",
         .found = listen});
  }
  const bool in_range = place.port.size() <= 5 && std::stoul(place.port) <= 65535;
  const std::string problem = in_range ? listening_problem(place) : "a port above 65535";
  if (problem.empty()) return;
  throw ConfigError({.what = "the coordinator cannot listen there",
                     .where = kKey,
                     .expected = "a free port of an address of this machine (port 0: any)",
                     .found = cat(listen, ": ", problem)});
}

}  // namespace helip::coordinator
