// Writes JSON (RFC 8259) straight into a string: audit lines, problem details, `--json`. It only
// ever appends; protobuf's JSON costs 20 microseconds a record, this costs well under one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace interlock {

// JsonWriter appends to `out`, which must outlive it. Objects and arrays nest as the calls do; the
// writer puts the commas. Text that is not valid UTF-8 is escaped byte by byte as \u00XX, so that
// whatever a peer sent becomes a valid, unambiguous line.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
  JsonWriter& value(bool truth);

  // member writes `"name":value`.
  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }

 private:
  void separate();
  std::string& out_;
  bool need_comma_ = false;
};

}  // namespace interlock
