// Files under tests/vectors.
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace interlock::test {

// vector_file returns the contents of tests/vectors/`name`; TEST_VECTORS comes from the build.
inline std::string vector_file(const std::string& name) {
  std::ifstream in(std::string(TEST_VECTORS "/") + name, std::ios::binary);
  if (!in.good()) throw std::runtime_error("there is no vector " + name);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace interlock::test
