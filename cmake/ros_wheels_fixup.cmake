# For builds against the ROS 2 wheels of PyPI; a build on /opt/ros never reads it.
# Use: cmake -DCMAKE_PROJECT_mmser_ros_INCLUDE=cmake/ros_wheels_fixup.cmake …

# The wheels lie under the prefix of an environment that no setup script has announced:
# ask Python where.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
execute_process(
  COMMAND "${Python3_EXECUTABLE}" -c
    "import ament_package, pathlib; print(pathlib.Path(ament_package.__file__).resolve().parents[4])"
  OUTPUT_VARIABLE ros_wheels_prefix OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(ENV{AMENT_PREFIX_PATH} "${ros_wheels_prefix}")
list(PREPEND CMAKE_PREFIX_PATH "${ros_wheels_prefix}")
message(STATUS "ROS 2 wheels under ${ros_wheels_prefix}")

# Two mends of include directories, once all targets are there. The wheels' imported targets name
# directories of the machine that built them, and CMake refuses to generate where one is missing:
# drop those. And it refuses to export a path below the source folder, as NumPy's headers are where
# the environment is the .venv of a checkout: they are for this build only.
function(mend_include_directories)
  get_property(imported DIRECTORY PROPERTY IMPORTED_TARGETS)
  get_property(built DIRECTORY PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS imported built)
    get_target_property(directories ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(NOT directories)
      continue()
    endif()
    set(kept "")
    foreach(directory IN LISTS directories)
      string(FIND "${directory}" "${ros_wheels_prefix}" below_prefix)
      if(target IN_LIST built AND below_prefix EQUAL 0)
        list(APPEND kept "$<BUILD_INTERFACE:${directory}>")
      elseif(directory MATCHES "\\$<" OR EXISTS "${directory}")
        list(APPEND kept "${directory}")
      endif()
    endforeach()
    set_property(TARGET ${target} PROPERTY INTERFACE_INCLUDE_DIRECTORIES ${kept})
  endforeach()
endfunction()
cmake_language(DEFER CALL mend_include_directories)
