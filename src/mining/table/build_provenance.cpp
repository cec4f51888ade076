#include "mining/table/build_provenance.h"

#include <fstream>

namespace helip::mining {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

std::string build_id() { return "helip " HELIP_VERSION ", compiler " __VERSION__; }

}  // namespace helip::mining
