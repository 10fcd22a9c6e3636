#include "mdm/edit/edit_desk.h"

namespace amity::mdm {

Status check_proposal(const Edit& edit) {
  if (edit.reason.size() < kReasonBytesMin)
    return make_error(ErrorCode::kInvalid, "a reason is required");
  if (edit.requested_by.empty()) return make_error(ErrorCode::kInvalid, "nobody asks for it");
  if (edit.days.empty()) return make_error(ErrorCode::kInvalid, "it concerns no day");
  if (edit.kind == EditKind::kUndo && !edit.undoes.valid())
    return make_error(ErrorCode::kInvalid, "it undoes nothing");
  if (edit.kind != EditKind::kValues) return {};
  if (edit.values.empty()) return make_error(ErrorCode::kInvalid, "it has no values");
  for (std::size_t i = 1; i < edit.values.size(); ++i) {
    if (edit.values[i].time > edit.values[i - 1].time) continue;
    return make_error(ErrorCode::kInvalid, "the values must ascend by time: " +
                                               to_iso(edit.values[i].time) + " does not");
  }
  return {};
}

EditState initial_state(const EditPolicy& policy, EditKind kind) {
  const bool alone = !policy.second_person || (policy.accept_alone && kind == EditKind::kAccept);
  return alone ? EditState::kApproved : EditState::kProposed;
}

Status check_decision(const Edit& edit, bool approve, std::string_view who,
                      const EditPolicy& policy) {
  if (edit.state != EditState::kProposed) {
    return make_error(ErrorCode::kConflict, "the edit is " + std::string(to_string(edit.state)));
  }
  if (approve && policy.second_person && edit.requested_by == who) {
    return make_error(ErrorCode::kRefused, "whoever proposed an edit does not approve it");
  }
  return {};
}

}  // namespace amity::mdm
