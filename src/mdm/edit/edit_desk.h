// Who may change what is billed: a reason always, and a second person where the policy wants one.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "model/final.h"

namespace amity::mdm {

inline constexpr std::size_t kReasonBytesMin = 3;

struct EditPolicy {
  bool second_person =
      true;  // the approver is another user than the editor; false: applied at once
  bool accept_alone = false;  // accepting days as they are needs no second person
};

// Whether it is whole: a reason, values that ascend, days. kInvalid.
Status check_proposal(const Edit& edit);
// The state that it begins in.
EditState initial_state(const EditPolicy& policy, EditKind kind);
// kConflict: it is decided already; kRefused: not by this person.
Status check_decision(const Edit& edit, bool approve, std::string_view who,
                      const EditPolicy& policy);

}  // namespace amity::mdm
