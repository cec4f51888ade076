// Visiting a std::variant with one function for each alternative.
#pragma once

namespace helip {

// Joins functions into one visitor for std::visit. An alternative that no function takes is an
// error of the compiler, as long as none of them is generic.
template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace helip
