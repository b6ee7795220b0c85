/* A Windows program that runs the Linux program of its own name, outside Wine.
 *
 * Copied to x86_64-w64-mingw32-gcc.exe it is, for everything in the lab, a Windows compiler: the
 * arguments go to the Linux one with their paths translated, response files too; what that prints
 * comes back on stdout and stderr, and its exit code is this program's. Where there is a twin with
 * POSIX threads ("...-posix", as Debian has it) that one runs.
 *
 * Wine hands a process no Unix descriptor for a pipe of Windows, so output travels in two files.
 * HOSTTOOL_STDIN=1 sends standard input along, read to its end first.
 *
 * Wine starts it with the variables that Wine itself was started with. Those of the tools (CARGO_*,
 * GIT_*, SOURCE_DATE_EPOCH...) are handed on as they are on Windows now; HOSTTOOL_HOME is the home
 * folder to run in, HOSTTOOL_PATH goes before PATH; CC and CXX, which name programs of Windows, are
 * taken away.
 *
 * Sources that CMake writes for Windows name others by their drive (#include "Z:/a.cc"), which is a
 * relative path to a compiler of Linux. It gets the folder "drives" beside this program to look in,
 * where Z: is a link to the root, and what it says of that folder (__FILE__, dependencies) is put
 * back. An overlay of the file system that names drives (clang's -ivfsoverlay) is translated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

typedef long(WINAPI *spawn_function)(char *const argv[], int wait);
typedef char *(CDECL *unix_name_function)(const wchar_t *path);

static spawn_function spawn_unix;
static unix_name_function unix_name;

static void die(const char *what, const char *detail) {
  fprintf(stderr, "hosttool: %s %s\n", what, detail);
  exit(125);
}

static void *must(void *memory) {
  if (!memory) die("out of memory", "");
  return memory;
}

static char *utf8(const wchar_t *wide, int count) {
  int size = WideCharToMultiByte(CP_UTF8, 0, wide, count, NULL, 0, NULL, NULL);
  char *text = must(calloc(1, (size_t)size + 1));
  WideCharToMultiByte(CP_UTF8, 0, wide, count, text, size, NULL, NULL);
  return text;
}

static wchar_t *wide(const char *text) {
  int size = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
  wchar_t *result = must(calloc((size_t)size + 1, sizeof *result));
  MultiByteToWideChar(CP_UTF8, 0, text, -1, result, size);
  return result;
}

static int letter(wchar_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static int slash(wchar_t c) { return c == '/' || c == '\\'; }

/* Does a drive's path begin at s[i]? At the start, after punctuation, or glued to an option as in
 * -IZ:/include and /FoZ:/a.obj; not in "https://". */
static int drive_at(const wchar_t *s, size_t i) {
  if (!letter(s[i]) || s[i + 1] != ':' || !slash(s[i + 2])) return 0;
  if (i == 0 || !(letter(s[i - 1]) || (s[i - 1] >= '0' && s[i - 1] <= '9'))) return 1;
  if (s[0] != '-' && s[0] != '/') return 0;
  for (size_t k = 1; k < i; k++)
    if (!letter(s[k]) && s[k] != '-') return 0;
  return 1;
}

/* A path of Windows as Linux knows it, NULL where there is none. Wine names drive C by its link
 * below dosdevices, compilers by where that leads: one name, so that path maps hold. */
static char *linux_path(const wchar_t *path) {
  char *name = unix_name(path);
  char *link = name ? strstr(name, "/dosdevices/c:/") : NULL;
  if (link) {
    memcpy(link, "/drive_c/", 9);
    memmove(link + 9, link + 15, strlen(link + 15) + 1);
  }
  return name;
}

/* The drives' paths in a text become Unix paths; with slashes=1, all other backslashes slashes. */
static char *translate_paths(const wchar_t *s, int slashes) {
  size_t room = wcslen(s) * 3 + 1, used = 0;
  char *result = must(calloc(1, room));
  for (size_t i = 0; s[i];) {
    size_t end = i + 1;
    char *piece = NULL;
    if (drive_at(s, i)) {
      while (s[end] && !wcschr(L",;=\"\x1f", s[end])) end++;
      wchar_t *path = must(calloc(end - i + 1, sizeof *path));
      memcpy(path, s + i, (end - i) * sizeof *path);
      piece = linux_path(path);
      free(path);
    } else if (s[i] >= 0xD800 && s[i] < 0xDC00 && s[i + 1]) {
      end = i + 2;
    }
    if (!piece) piece = slashes && s[i] == '\\' ? strdup("/") : utf8(s + i, (int)(end - i));
    size_t size = strlen(piece);
    if (used + size + 1 > room) result = must(realloc(result, room = (used + size) * 2 + 1));
    memcpy(result + used, piece, size + 1);
    used += size;
    i = end;
  }
  return result;
}

/* One argument for Linux. What follows -D stays as it is: a path in a definition is meant for the
 * program that is compiled, and dlltool's -D is the name that an image asks for. */
static char *translate(const wchar_t *s, const wchar_t *before) {
  if (!wcsncmp(s, L"-D", 2) || !wcscmp(before, L"-D")) return utf8(s, -1);
  return translate_paths(s, 1);
}

static char *joined(const char *a, const char *b, const char *c) {
  char *text = must(calloc(1, strlen(a) + strlen(b) + strlen(c) + 1));
  return strcat(strcat(strcpy(text, a), b), c);
}

/* The variables that are handed on, by the beginning of their names. */
static int handed_on(const wchar_t *variable) {
  static const wchar_t *const families[] = {
      L"CARGO", L"RUST", L"GIT_", L"CCACHE_", L"SOURCE_DATE_EPOCH=", L"CC_", L"CXX_",
      L"AR_",   L"CFLAGS_", L"CXXFLAGS_", L"INCLUDE=", L"LIB="};
  size_t known = sizeof families / sizeof *families, i = 0;
  while (i < known && _wcsnicmp(variable, families[i], wcslen(families[i]))) i++;
  if (i == known) return 0;
  for (; *variable != L'='; variable++) /* a name that a shell has no word for stays behind */
    if (!letter(*variable) && *variable != L'_' && !(*variable >= '0' && *variable <= '9')) return 0;
  return 1;
}

/* A whole file, with a zero behind it; NULL where it cannot be read. */
static char *contents(const wchar_t *path, size_t *size) {
  FILE *file = _wfopen(path, L"rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  long end = ftell(file);
  rewind(file);
  char *text = must(calloc(1, (size_t)end + 1));
  *size = fread(text, 1, (size_t)end, file);
  fclose(file);
  return text;
}

/* Undo in a dependency file what the folder of drives did: GCC escapes spaces there. */
static void mend_dependencies(const wchar_t *path, const char *drives) {
  char *needle = must(calloc(1, 2 * strlen(drives) + 1)), *to = needle;
  for (const char *c = drives; *c; *to++ = *c++)
    if (*c == ' ') *to++ = '\\';
  size_t length = strlen(needle), size;
  char *text = contents(path, &size);
  FILE *file;
  int found = 0;
  if (!text) return;
  for (char *at = text; (at = strstr(at, needle)); found = 1)
    memmove(at, at + length, strlen(at + length) + 1);
  if (found && (file = _wfopen(path, L"wb"))) {
    fwrite(text, 1, strlen(text), file);
    fclose(file);
  }
}

static wchar_t *temporary(void) {
  wchar_t folder[MAX_PATH + 1], *path = must(calloc(MAX_PATH + 1, sizeof *path));
  if (!GetTempPathW(MAX_PATH, folder) || !GetTempFileNameW(folder, L"htl", 0, path))
    die("cannot make a temporary file", "");
  return path;
}

/* Send a file's bytes to a stream, and delete it. */
static void deliver(const wchar_t *path, DWORD where) {
  HANDLE out = GetStdHandle(where);
  FILE *file = _wfopen(path, L"rb");
  char buffer[65536];
  size_t size;
  while (file && (size = fread(buffer, 1, sizeof buffer, file)) > 0)
    for (DWORD sent = 0, part; sent < size; sent += part)
      if (!WriteFile(out, buffer + sent, (DWORD)(size - sent), &part, NULL) || !part) break;
  if (file) fclose(file);
  DeleteFileW(path);
}

/* Take standard input to its end into a file. */
static void collect(const wchar_t *path) {
  HANDLE in = GetStdHandle(STD_INPUT_HANDLE);
  FILE *file = _wfopen(path, L"wb");
  char buffer[65536];
  DWORD size;
  while (file && ReadFile(in, buffer, sizeof buffer, &size, NULL) && size)
    fwrite(buffer, 1, size, file);
  if (file) fclose(file);
}

static char *of_windows(const wchar_t *path) {
  char *name = linux_path(path);
  if (!name) {
    char *shown = utf8(path, -1);
    die("no Unix path for", shown);
  }
  return name;
}

/* The next word of a response file as GNU's tools cut it, in place; NULL at the end. */
static char *gnu_word(char **rest) {
  char *from = *rest + strspn(*rest, " \t\r\n"), *to = from, *start = from, quote = 0;
  if (!*from) return NULL;
  for (; *from && (quote || !strchr(" \t\r\n", *from)); from++) {
    if (*from == '\\' && from[1] && strchr("\\\"' ", from[1]))
      *to++ = *++from;
    else if (quote ? *from == quote : (*from == '"' || *from == '\''))
      quote = quote ? 0 : *from;
    else
      *to++ = *from;
  }
  *rest = from + (*from != 0);
  *to = 0;
  return start;
}

/* The words of a response file: Microsoft's tools and those that take their place cut it as Windows
 * cuts a command line, all others as GNU does. */
static wchar_t **words_of(char *text, int of_microsoft, int *count) {
  if (of_microsoft) {
    for (char *c = text; *c; c++)
      if (*c == '\r' || *c == '\n') *c = ' ';
    return CommandLineToArgvW(wide(joined("x ", text, "")), count);
  }
  wchar_t **words = must(calloc(strlen(text) + 2, sizeof *words));
  *count = 1; /* the first is the program's name there, and nobody's here */
  for (char *word; (word = gnu_word(&text));) words[(*count)++] = wide(word);
  return words;
}

/* The words of a response file, translated and quoted again, in a new file: its name. Microsoft's
 * way takes a backslash for itself but before a quote. */
static wchar_t *response(const wchar_t *path, int of_microsoft) {
  size_t size;
  int count;
  char *text = contents(path, &size);
  if (!text) return NULL;
  wchar_t **words = words_of(text, of_microsoft, &count), *made = temporary();
  FILE *out = _wfopen(made, L"wb");
  if (!out) die("cannot write a response file", "");
  for (int i = 1; i < count; i++) {
    fputc('"', out);
    for (char *c = translate(words[i], i > 1 ? words[i - 1] : L""); *c; c++) {
      if (*c == '"' || (*c == '\\' && !of_microsoft)) fputc('\\', out);
      fputc(*c, out);
    }
    fputs("\"\n", out);
  }
  fclose(out);
  return made;
}

/* An overlay of the file system (-ivfsoverlay), translated, in a new file: the word that names it.
 * Each folder stands there a second time, as it is called where it is met through a drive. */
static char *overlay(const wchar_t *word, const wchar_t *path, const char *drives, wchar_t **made) {
  size_t size;
  char *text = contents(path, &size), *roots = text ? strchr(text, '[') : NULL;
  char *end = roots ? strrchr(roots, ']') : NULL;
  if (!end) return NULL;
  *end++ = 0;
  FILE *out = _wfopen(*made = temporary(), L"wb");
  if (!out) die("cannot write an overlay", "");
  fprintf(out, "%s,", translate_paths(wide(text), 0));
  for (char *c = roots + 1; *c; c++) {
    fputc(*c, out);
    if (*c == '"' && letter(c[1]) && c[2] == ':') fputs(drives, out);
  }
  fprintf(out, "]%s", end);
  fclose(out);
  return joined(utf8(word, (int)(path - word)), of_windows(*made), "");
}

/* The command that is made for Linux. */
static char **command;
static int used;

static void add(char *word) { command[used++] = word; }

/* The variables of Windows that are handed on: their number, then NAME=VALUE each. */
static void add_variables(const wchar_t *variables) {
  char *number = must(calloc(1, 24));
  int count = 0;
  add(number);
  for (; *variables; variables += wcslen(variables) + 1)
    if (handed_on(variables)) add(translate_paths(variables, 0)), count++;
  sprintf(number, "%d", count);
}

/* A map of paths once more for what is found in the folder of drives; the later of two wins. */
static void add_map(const wchar_t *option, const char *drives) {
  const wchar_t *path = wcsstr(option, L"-prefix-map=");
  if (!path || !drive_at(path += 12, 0)) return;
  char *start = utf8(option, (int)(path - option)), *rest = utf8(path, -1);
  if (*rest >= 'a') *rest -= 'a' - 'A';
  for (char *c = rest; *c && *c != '='; c++)
    if (*c == '\\') *c = '/';
  add(joined(start, drives, rest));
}

int main(void) {
  HMODULE ntdll = GetModuleHandleW(L"ntdll.dll"), kernel = GetModuleHandleW(L"kernel32.dll");
  spawn_unix = (spawn_function)(void *)GetProcAddress(ntdll, "__wine_unix_spawnvp");
  unix_name = (unix_name_function)(void *)GetProcAddress(kernel, "wine_get_unix_file_name");
  if (!spawn_unix || !unix_name) die("this is not Wine:", "it works there alone");

  wchar_t self[32768], folder[32768];
  GetModuleFileNameW(NULL, self, 32768);
  GetCurrentDirectoryW(32768, folder);
  wchar_t *name = self;
  for (wchar_t *c = self; *c; c++)
    if (slash(*c)) name = c + 1;
  wchar_t *dot = wcsrchr(name, '.');
  if (dot) *dot = 0;
  char *tool = utf8(name, -1), *drives = NULL;
  int clang_cl = !strncmp(tool, "clang-cl", 8);
  int of_microsoft = clang_cl || !strncmp(tool, "lld-link", 8) || !strncmp(tool, "llvm-", 5);
  if (clang_cl || strstr(tool, "gcc") || strstr(tool, "g++")) {
    wcscpy(name, L"drives");
    drives = joined(of_windows(self), "/", "");
  }

  int count = 0;
  wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);
  wchar_t *out = temporary(), *err = temporary(), *in = NULL, *dependencies = NULL;
  wchar_t **made = must(calloc((size_t)count + 1, sizeof *made));
  wchar_t *variables = must(GetEnvironmentStringsW());
  size_t room = 2 * (size_t)count + 20;
  for (wchar_t *v = variables; *v; v += wcslen(v) + 1) room++;
  command = must(calloc(room, sizeof *command));
  if (_wgetenv(L"HOSTTOOL_STDIN")) collect(in = temporary());

  add("/bin/sh");
  add("-c");
  add("in=$1 out=$2 err=$3; cd \"$4\" || exit; tool=$5 left=$6; shift 6; unset CC CXX; "
      "while [ $left -gt 0 ]; do export \"$1\"; shift; left=$((left-1)); done; "
      "HOME=${HOSTTOOL_HOME:-$HOME}; "
      "PATH=${HOSTTOOL_PATH:+$HOSTTOOL_PATH:}$PATH:${CARGO_HOME:-$HOME/.cargo}/bin; "
      "command -v \"$tool-posix\" >/dev/null && tool=$tool-posix; "
      "exec \"$tool\" \"$@\" <\"$in\" >\"$out\" 2>\"$err\"");
  add("hosttool");
  add(in ? of_windows(in) : "/dev/null");
  add(of_windows(out));
  add(of_windows(err));
  add(of_windows(folder));
  add(tool);
  add_variables(variables);
  if (drives) {
    const char *gnu = clang_cl ? "/clang:" : "";
    add(joined(gnu, "-iquote", drives));
    add(joined(joined(gnu, "-ffile-prefix-map=", ""), drives, "Z:="));
  }
  for (int i = 1; i < count; i++) {
    wchar_t *names = wcsstr(words[i], L"-ivfsoverlay"), *file = wcsstr(words[i], L"clang:-MF");
    char *word = NULL;
    if (words[i][0] == '@' && (made[i] = response(words[i] + 1, of_microsoft)))
      word = joined("@", of_windows(made[i]), "");
    else if (drives && names)
      word = overlay(words[i], names + 12, drives, &made[i]);
    add(word ? word : translate(words[i], words[i - 1]));
    if (word) continue;
    if (drives) add_map(words[i], drives);
    if (file && file == words[i] + 1) dependencies = file + 9;
    if (!wcscmp(words[i - 1], L"-MF")) dependencies = words[i];
  }
  long code = spawn_unix(command, 1);
  if (drives && dependencies) mend_dependencies(dependencies, drives);
  deliver(out, STD_OUTPUT_HANDLE);
  deliver(err, STD_ERROR_HANDLE);
  for (int i = 1; i < count; i++)
    if (made[i]) DeleteFileW(made[i]);
  if (in) DeleteFileW(in);
  return code < 0 || code > 255 ? 126 : (int)code;
}
