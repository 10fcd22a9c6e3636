#pragma once

namespace amity::app {

// `amity admin check|backup|restore`: what is done with a data directory.
int admin_command(int argc, char** argv);

}  // namespace amity::app
