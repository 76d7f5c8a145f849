// Writes a file that others may be reading: they see the old content or the new, never a mixture.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace interlock::files {

// replace_file puts `content` in the place of the regular file `path`, which exists; a symbolic
// link stays one, and what it leads to is replaced. Mode and owner stay as they were. The content
// is on the disk before it takes its place. On an error (kIo, with errno) the file is as it was,
// and no other is left behind.
Status replace_file(const std::string& path, std::string_view content);

}  // namespace interlock::files
