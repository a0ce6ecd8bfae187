# outrider_options carries warnings and sanitizers. A folder is one library, declared with outrider_library; its unit
# tests stand beside the code as *_test.cpp and become one executable. A library links only what it may include.

add_library(outrider_options INTERFACE)
target_include_directories(outrider_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(outrider_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                                  -Woverloaded-virtual -Wconversion -Wno-sign-conversion)
# g++ 12 sees overlapping copies in std::string's operator+ where there are none (GCC bug 105651).
target_compile_options(outrider_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(OUTRIDER_WERROR)
  target_compile_options(outrider_options INTERFACE -Werror)
endif()
if(OUTRIDER_SANITIZE)
  add_compile_options(-fsanitize=${OUTRIDER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${OUTRIDER_SANITIZE})
  if(OUTRIDER_SANITIZE MATCHES address)
    add_compile_options(-fno-sanitize=null)  # AddressSanitizer reports it too; the check costs a fifth of the build
  endif()
endif()

# Every library tells the fuzzer which paths were taken (tests/fuzz/CMakeLists.txt).
if(OUTRIDER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# outrider_library(NAME [DEPENDS targets...] [PRIVATE_DEPENDS targets...] [TEST_DEPENDS targets...])
# Compiles every *.cpp of the current folder but the tests. PRIVATE_DEPENDS are third-party libraries that the headers
# do not show, TEST_DEPENDS what only the tests need.
function(outrider_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "DEPENDS;PRIVATE_DEPENDS;TEST_DEPENDS;GENERATED")
  file(GLOB sources CONFIGURE_DEPENDS *.cpp *.h)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  add_library(${name} STATIC ${sources} ${ARG_GENERATED})
  target_link_libraries(${name} PUBLIC outrider_options ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
  if(BUILD_TESTING AND tests AND name MATCHES "${OUTRIDER_TESTS}")
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} ${ARG_PRIVATE_DEPENDS} ${ARG_TEST_DEPENDS} GTest::gtest GTest::gmock
                                               GTest::gtest_main)
    gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 LABELS unit)
  endif()
endfunction()

# Builds what the schemas generate and nothing else: enough for clang-tidy.
add_custom_target(schemas)

# outrider_schema(OUT_VAR file.capnp): generates the C++ of a Cap'n Proto schema; include it as "folder/file.capnp.h".
function(outrider_schema out_var schema)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${schema})
  file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR} ${source})
  set(generated ${CMAKE_BINARY_DIR}/generated/${relative})
  add_custom_command(
    OUTPUT ${generated}.c++ ${generated}.h
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
    COMMAND capnp compile --import-path=${CMAKE_SOURCE_DIR} -oc++:${CMAKE_BINARY_DIR}/generated --src-prefix=${CMAKE_SOURCE_DIR} ${source}
    DEPENDS ${source}
    VERBATIM)
  set_source_files_properties(${generated}.c++ PROPERTIES COMPILE_OPTIONS "-w" SKIP_LINTING ON)
  string(MAKE_C_IDENTIFIER schema_${relative} target)
  add_custom_target(${target} DEPENDS ${generated}.h)
  add_dependencies(schemas ${target})
  set(${out_var} ${generated}.c++ ${generated}.h PARENT_SCOPE)
endfunction()
