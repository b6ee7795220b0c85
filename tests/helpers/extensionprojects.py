"""Small projects with an extension module each, one for every way that people write them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["ADOPTED", "PROJECTS", "ExtensionProject", "write_project"]

_PYPROJECT = """\
[build-system]
requires = ["scikit-build-core>=0.10"{requires}]
build-backend = "{backend}"
[project]
name = "{name}"
version = "1.0"
requires-python = ">=3.9"
dependencies = [{dependencies}]
[tool.scikit-build]
{settings}
[[tool.scikit-build.overrides]]
if.platform-system = "win32"
cmake.define.SEEN = "windows"
[[tool.scikit-build.overrides]]
if.platform-system = "linux"
cmake.define.SEEN = "linux"
"""
_HEAD = """\
cmake_minimum_required(VERSION 3.20...4.2)
project({name} LANGUAGES C CXX)
set(CMAKE_CXX_STANDARD 17)
"""
#: Overrides are read for the system that the wheel is for.
_FOR_WINDOWS = """\
if(NOT SEEN STREQUAL "windows")
  message(FATAL_ERROR "built for ${SEEN}")
endif()
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtensionProject:
    """One project; ``call`` is the code that proves it, after its import as ``m``."""

    name: str
    requires: str
    cmake: str
    files: Mapping[str, str]
    call: str
    settings: str = ""
    dependencies: str = ""


_PYBIND11 = ExtensionProject(
    name="bound",
    requires=', "pybind11"',
    cmake="""\
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
find_package(pybind11 CONFIG REQUIRED)
pybind11_add_module(bound bound.cpp)
install(TARGETS bound DESTINATION .)
""",
    files={
        "bound.cpp": """\
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>

struct Animal {
  virtual ~Animal() = default;
  virtual std::string says() const = 0;
};
struct Dog : Animal {
  std::string says() const override { return "woof"; }
};
static bool is_dog(const Animal& animal) { return dynamic_cast<const Dog*>(&animal) != nullptr; }
static std::map<std::string, int> lengths(const std::vector<std::string>& words) {
  std::map<std::string, int> found;
  for (const auto& word : words) {
    if (word.empty()) throw std::invalid_argument("an empty word");
    found[word] = static_cast<int>(word.size());
  }
  return found;
}
PYBIND11_MODULE(bound, m) {
  pybind11::class_<Animal>(m, "Animal").def("says", &Animal::says);
  pybind11::class_<Dog, Animal>(m, "Dog").def(pybind11::init<>());
  m.def("is_dog", &is_dog);
  m.def("lengths", &lengths);
}
"""
    },
    call="""\
assert m.Dog().says() == "woof" and m.is_dog(m.Dog())
assert m.lengths(["a", "bcd"]) == {"a": 1, "bcd": 3}
try:
    m.lengths([""])
except ValueError as error:
    assert str(error) == "an empty word"
else:
    raise SystemExit("no ValueError")
""",
)
_NANOBIND = ExtensionProject(
    name="nano",
    requires=', "nanobind"',
    settings='wheel.py-api = "cp312"\ncmake.version = ">=4.1"',
    cmake="""\
find_package(Python REQUIRED
             COMPONENTS Interpreter Development.Module ${SKBUILD_SABI_COMPONENT})
find_package(nanobind CONFIG REQUIRED)
nanobind_add_module(nano STABLE_ABI NB_STATIC nano.cpp)
install(TARGETS nano LIBRARY DESTINATION .)
""",
    files={
        "nano.cpp": """\
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <numeric>
#include <stdexcept>

struct Counter {
  int count = 0;
  void add(int by) { count += by; }
};
static int sum(const std::vector<int>& numbers) {
  if (numbers.empty()) throw std::out_of_range("nothing to add");
  return std::accumulate(numbers.begin(), numbers.end(), 0);
}
NB_MODULE(nano, m) {
  nanobind::class_<Counter>(m, "Counter")
      .def(nanobind::init<>())
      .def("add", &Counter::add)
      .def_ro("count", &Counter::count);
  m.def("sum", &sum);
}
"""
    },
    call="""\
counter = m.Counter()
counter.add(3)
assert counter.count == 3 and m.sum([1, 2, 3]) == 6
try:
    m.sum([])
except IndexError as error:
    assert str(error) == "nothing to add"
else:
    raise SystemExit("no IndexError")
""",
)
_CYTHON = ExtensionProject(
    name="fast",
    requires=', "cython"',
    cmake="""\
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
add_custom_command(
  OUTPUT fast.c
  COMMAND Python::Interpreter -m cython "${CMAKE_CURRENT_SOURCE_DIR}/fast.pyx" --output-file fast.c
  DEPENDS fast.pyx
  VERBATIM)
python_add_library(fast MODULE "${CMAKE_CURRENT_BINARY_DIR}/fast.c" WITH_SOABI)
install(TARGETS fast DESTINATION .)
""",
    files={
        "fast.pyx": """\
# cython: language_level=3
def fibonacci(int n):
    cdef long long a = 0, b = 1
    for _ in range(n):
        a, b = b, a + b
    return a

cdef class Box:
    cdef public object inside
    def __init__(self, inside):
        if inside is None:
            raise ValueError("an empty box")
        self.inside = inside
"""
    },
    call="""\
assert m.fibonacci(90) == 2880067194370816120 and m.Box("x").inside == "x"
try:
    m.Box(None)
except ValueError as error:
    assert str(error) == "an empty box"
else:
    raise SystemExit("no ValueError")
""",
)
_NUMPY = ExtensionProject(
    name="arrays",
    requires=', "numpy"',
    dependencies='"numpy"',
    cmake="""\
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module NumPy)
python_add_library(arrays MODULE arrays.c WITH_SOABI)
target_link_libraries(arrays PRIVATE Python::NumPy)
install(TARGETS arrays DESTINATION .)
""",
    files={
        "arrays.c": """\
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <Python.h>
#include <numpy/arrayobject.h>

static PyObject* total(PyObject* self, PyObject* given) {
  PyObject* array = PyArray_FROM_OTF(given, NPY_INT64, NPY_ARRAY_IN_ARRAY);
  npy_int64 sum = 0;
  npy_intp at;
  if (!array) return NULL;
  for (at = 0; at < PyArray_SIZE((PyArrayObject*)array); at++)
    sum += ((npy_int64*)PyArray_DATA((PyArrayObject*)array))[at];
  Py_DECREF(array);
  return Py_BuildValue("Lii", (long long)sum, (int)sizeof(npy_int64), (int)NPY_SIZEOF_LONG);
}
static PyMethodDef methods[] = {{"total", total, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "arrays", NULL, -1, methods};
PyMODINIT_FUNC PyInit_arrays(void) {
  import_array();
  return PyModule_Create(&module);
}
"""
    },
    call="""\
import numpy
assert m.total(numpy.array([1 << 40, 2, 3])) == ((1 << 40) + 5, 8, 4)
""",
)
_CYTHON_STABLE = replace(
    _CYTHON,
    settings='wheel.py-api = "cp311"\ncmake.version = ">=3.26"',
    cmake=_CYTHON.cmake.replace(
        "Development.Module)", "Development.Module ${SKBUILD_SABI_COMPONENT})"
    ).replace("fast MODULE", "fast MODULE USE_SABI 3.11"),
)
_C_MODULE = """\
#include <Python.h>
int shared_number(void);
static PyObject* number(PyObject* self, PyObject* none) {
  return PyLong_FromLong(shared_number() + @more@);
}
static PyMethodDef methods[] = {{"number", number, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "@name@", NULL, -1, methods};
PyMODINIT_FUNC PyInit_@name@(void) { return PyModule_Create(&module); }
"""


def _c_module(name: str, more: int) -> str:
    return _C_MODULE.replace("@name@", name).replace("@more@", str(more))


_SEVERAL = ExtensionProject(
    name="several",
    requires="",
    cmake="""\
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
add_library(shared STATIC src/shared.c)
foreach(place one two)
  python_add_library(_${place} MODULE src/_${place}.c WITH_SOABI)
  target_link_libraries(_${place} PRIVATE shared)
endforeach()
install(TARGETS _one DESTINATION several)
install(TARGETS _two DESTINATION several/inner)
""",
    files={
        "src/shared.c": "int shared_number(void) { return 40; }\n",
        "src/_one.c": _c_module("_one", 1),
        "src/_two.c": _c_module("_two", 2),
        "src/several/__init__.py": "from several._one import number as one\n"
        "from several.inner._two import number as two\n",
        "src/several/inner/__init__.py": "",
    },
    call="assert (m.one(), m.two()) == (41, 42)",
)
_NAMESPACE = ExtensionProject(
    name="acme.quick",
    requires="",
    settings='wheel.packages = ["src/acme"]',
    cmake="""\
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
python_add_library(_one MODULE src/_one.c src/shared.c WITH_SOABI)
install(TARGETS _one DESTINATION acme/quick)
""",
    files={
        "src/shared.c": "int shared_number(void) { return 40; }\n",
        "src/_one.c": _c_module("_one", 1),
        "src/acme/quick/__init__.py": "from acme.quick._one import number\n",
    },
    call="import acme\nassert m.number() == 41 and acme.__spec__.origin is None",
)
_DATA_FILES = ExtensionProject(
    name="furnished",
    requires="",
    cmake="""\
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
python_add_library(_one MODULE src/_one.c src/shared.c WITH_SOABI)
install(TARGETS _one DESTINATION furnished)
install(FILES src/shared.c DESTINATION furnished/made)
install(FILES src/notes.txt DESTINATION "${SKBUILD_DATA_DIR}/share/furnished")
""",
    files={
        "src/shared.c": "int shared_number(void) { return 40; }\n",
        "src/notes.txt": "of the environment",
        "src/_one.c": _c_module("_one", 1),
        "src/furnished/__init__.py": "from furnished._one import number\n",
        "src/furnished/table.json": '{"answer": 42}',
    },
    call="""\
import importlib.resources, json, pathlib, sys
here = importlib.resources.files("furnished")
assert m.number() + 1 == json.loads(here.joinpath("table.json").read_text())["answer"]
assert "shared_number" in here.joinpath("made", "shared.c").read_text()
assert pathlib.Path(sys.prefix, "share/furnished/notes.txt").read_text() == "of the environment"
""",
)
#: As docs/your-project.md names them.
ADOPTED = {
    "pybind11": _PYBIND11,
    "nanobind, stable ABI": _NANOBIND,
    "Cython": _CYTHON,
    "Cython, stable ABI": _CYTHON_STABLE,
    "several modules": _SEVERAL,
    "namespace package": _NAMESPACE,
    "data files": _DATA_FILES,
}
PROJECTS = {
    project.requires.strip(', "'): project for project in (_PYBIND11, _NANOBIND, _CYTHON, _NUMPY)
}


def write_project(project: ExtensionProject, folder: Path, *, adopted: bool = False) -> Path:
    """Write the project into ``folder``; return that. ``adopted`` is with mlcbuild's policy."""
    folder.mkdir(parents=True)
    distribution = project.name.replace(".", "-")
    head = _HEAD.format(name=distribution) + ("" if adopted else _FOR_WINDOWS)
    table = "[tool.mlcbuild.build]\n" if adopted else ""
    for name, text in {
        "pyproject.toml": _PYPROJECT.format(
            name=distribution,
            requires=project.requires + (', "mlcbuild"' if adopted else ""),
            backend="mlcbuild.skbuild" if adopted else "scikit_build_core.build",
            settings=project.settings,
            dependencies=project.dependencies,
        )
        + table,
        "CMakeLists.txt": head + project.cmake,
        **project.files,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder
