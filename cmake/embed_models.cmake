# cmake -DMETERS=... -DOUT=... -P embed_models.cmake: writes OUT, which holds the text of every meter model
# (src/driver/embedded_models.h).

cmake_minimum_required(VERSION 3.25)

file(GLOB files RELATIVE ${METERS} ${METERS}/*.toml)
list(SORT files)
set(rows "")
foreach(file IN LISTS files)
  file(READ ${METERS}/${file} text)
  string(APPEND rows "    {\"${file}\", R\"amity(${text})amity\"},\n")
endforeach()

file(WRITE ${OUT}
"#include \"driver/embedded_models.h\"

namespace amity::driver {
std::span<const ModelText> embedded_models() {
  static constexpr ModelText kModels[] = {
${rows}  };
  return kModels;
}
}  // namespace amity::driver
")
