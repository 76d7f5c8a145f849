// The vectors of tests/vectors/http1, whose README explains the files: for the decoders alone
// (unit), and for whole sessions (sim).
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "support/http1_drive.h"
#include "support/vectors.h"

namespace interlock::http1::testing {

struct Vector {
  std::string name;
  std::string bytes = {};
  bool eof = false;
  std::vector<std::string> methods = {};   // Of the requests that responses answer.
  std::vector<std::string> expected = {};  // Events.

  // refusal is the event that the gateway says no with, such as "refuse malformed 400"; "" where
  // nothing is refused.
  [[nodiscard]] std::string refusal() const {
    if (expected.empty()) return {};
    const std::string& last = expected.back();
    return last.starts_with("refuse ") || last.starts_with("error ") ? last : std::string();
  }
};

// load_vectors reads tests/vectors/http1/`file`, and throws where it does not understand a line.
inline std::vector<Vector> load_vectors(const std::string& file) {
  std::istringstream in(test::vector_file("http1/" + file));
  std::vector<Vector> vectors;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      vectors.push_back({.name = line.substr(1, line.size() - 2)});
      continue;
    }
    if (vectors.empty() || line.size() < 2) throw std::runtime_error("not understood: " + line);
    Vector& vector = vectors.back();
    const std::string text = line.substr(2);
    if (line == "<eof") {
      vector.eof = true;
    } else if (line[0] == '<') {
      vector.bytes += unescape(text);
    } else if (line[0] == '?') {
      vector.methods.push_back(text);
    } else if (line[0] == '>') {
      vector.expected.push_back(text);
    } else {
      throw std::runtime_error("not understood: " + line);
    }
  }
  for (Vector& vector : vectors) {
    if (vector.methods.empty()) vector.methods = {"GET"};
  }
  return vectors;
}

}  // namespace interlock::http1::testing
