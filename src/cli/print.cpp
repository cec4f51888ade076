#include "cli/print.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "common/text.h"

namespace helip::cli {

void print_lines(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::cout << shortened(text.substr(0, end), kMostLineBytes) << "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  std::cout << std::flush;
}

void print_json(const nlohmann::ordered_json& json, int indent) {
  std::cout << json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
            << std::endl;
}

}  // namespace helip::cli
