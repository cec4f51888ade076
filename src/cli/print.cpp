#include "cli/print.h"

#include <algorithm>
#include <iostream>

#include "common/json.h"
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

void print_json(const OrderedJson& json, int indent) {
  std::cout << json.dump(indent, ' ', false, JsonText::replace) << std::endl;
}

}  // namespace helip::cli
