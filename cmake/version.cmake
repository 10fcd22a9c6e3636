# Writes OUTPUT with the version and the commit; leaves it untouched when nothing changed.
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_QUIET)
if(NOT commit)
  set(commit "unknown")
endif()
set(text "#include \"app/version.h\"\n\nnamespace amity::app {\nconst char* version() { return \"${VERSION}\"; }\nconst char* commit() { return \"${commit}\"; }\n}  // namespace amity::app\n")
set(old "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} old)
endif()
if(NOT text STREQUAL old)
  file(WRITE ${OUTPUT} "${text}")
endif()
