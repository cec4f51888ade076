// Test cases that cannot run everywhere.
#pragma once

#include <catch2/catch.hpp>
#include <iostream>
#include <string>

namespace helip::test {

// Prints why the running test case ends here; scripts/test.sh counts these lines. Call it as
// `return test::skip("…")`.
inline void skip(const std::string& reason) {
  std::cout << "SKIP: " << Catch::getResultCapture().getCurrentTestName() << ": " << reason
            << std::endl;
}

}  // namespace helip::test
