// How a C12.19 meter switches its supply. The standard gives the way (a procedure, through ST7 and
// ST8) but its public texts give no procedure for it, so that the address says what the maker's is:
//   connect=m4:01&disconnect=m4:00&supply=2050/0/0
// Procedure 4 of the manufacturer ("s10": standard procedure 10) with its parameters in
// hexadecimal; bit 0 of byte 0 of table 2050 (manufacturer's tables begin at 2048) is set while
// there is supply.
#pragma once

#include <optional>

#include "headend/address.h"
#include "session/c12/client.h"

namespace amity::headend {

struct C12Switch {
  c12::Procedure connect, disconnect;
  struct Shown {
    std::uint16_t table = 0;
    std::uint16_t byte = 0;
    std::uint8_t bit = 0;
  };
  std::optional<Shown> supply;
};

// nullopt: the address says nothing of it.
Result<std::optional<C12Switch>> c12_switch(const Address& address);

}  // namespace amity::headend
