// Serial and optical ports of a reactor (termios).
#pragma once

#include "runtime/loop.h"

namespace amity::runtime {

// Fails where there is no such port, where another process has it, or where it cannot be set to the
// line.
Result<std::unique_ptr<SerialPort>> serial_open(Loop& loop, const std::string& path,
                                                const SerialLine& line);

}  // namespace amity::runtime
