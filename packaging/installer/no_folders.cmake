# Read by cmake after each project(): in their messages, libraries name their sources by "src/...", not by the folder in
# which they were built. So they hold the same bytes wherever that was.
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  add_compile_options(
    "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=" "-ffile-prefix-map=${CMAKE_BINARY_DIR}/=build/")
endif()
