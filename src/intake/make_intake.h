// The intake over a store.
#pragma once

#include <memory>

#include "base/runtime.h"
#include "intake/intake.h"
#include "store/store.h"

namespace amity::intake {

// `store` and `clock` outlive it. accept() may be called from any thread; on_done runs inside it when nothing is left
// to keep or the delivery is refused at once, otherwise where the journal commits.
Result<std::unique_ptr<Intake>> make_intake(store::Store& store, Clock& clock);

}  // namespace amity::intake
