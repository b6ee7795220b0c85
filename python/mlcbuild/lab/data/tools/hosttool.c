/* A Windows program that runs the Linux program of its own name, outside Wine.
 *
 * Copied to x86_64-w64-mingw32-gcc.exe it is, for everything in the lab, a Windows compiler: the
 * arguments go to the Linux one with their paths translated, response files too; what that prints
 * comes back on stdout and stderr, and its exit code is this program's. Where there is a twin with
 * POSIX threads ("...-posix", as Debian has it) that one runs.
 *
 * Wine hands a process no Unix descriptor for a pipe of Windows, so output travels in two files.
 * HOSTTOOL_STDIN=1 sends standard input along, read to its end first.
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
 * -IZ:/include; not in "https://". */
static int drive_at(const wchar_t *s, size_t i) {
  if (!letter(s[i]) || s[i + 1] != ':' || !slash(s[i + 2])) return 0;
  if (i == 0 || !(letter(s[i - 1]) || (s[i - 1] >= '0' && s[i - 1] <= '9'))) return 1;
  if (s[0] != '-') return 0;
  for (size_t k = 0; k < i; k++)
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

/* One argument for Linux: drives' paths become Unix paths, backslashes slashes. What follows -D
 * stays as it is: a path in a definition is meant for the program that is compiled, and dlltool's
 * -D is the name that an image asks for. */
static char *translate(const wchar_t *s, const wchar_t *before) {
  if (!wcsncmp(s, L"-D", 2) || !wcscmp(before, L"-D")) return utf8(s, -1);
  size_t room = wcslen(s) * 3 + 1, used = 0;
  char *result = must(calloc(1, room));
  for (size_t i = 0; s[i];) {
    size_t end = i + 1;
    char *piece = NULL;
    if (drive_at(s, i)) {
      while (s[end] && !wcschr(L",;=\"", s[end])) end++;
      wchar_t *path = must(calloc(end - i + 1, sizeof *path));
      memcpy(path, s + i, (end - i) * sizeof *path);
      piece = linux_path(path);
      free(path);
    } else if (s[i] >= 0xD800 && s[i] < 0xDC00 && s[i + 1]) {
      end = i + 2;
    }
    if (!piece) piece = s[i] == '\\' ? strdup("/") : utf8(s + i, (int)(end - i));
    size_t size = strlen(piece);
    if (used + size + 1 > room) result = must(realloc(result, room = (used + size) * 2 + 1));
    memcpy(result + used, piece, size + 1);
    used += size;
    i = end;
  }
  return result;
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

/* The words of a response file, translated and quoted again, in a new file: its name. */
static wchar_t *response(const wchar_t *path) {
  FILE *file = _wfopen(path, L"rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  char *text = must(calloc(1, (size_t)size + 1)), *word = must(calloc(1, (size_t)size + 1));
  size = (long)fread(text, 1, (size_t)size, file);
  fclose(file);
  wchar_t *made = temporary();
  FILE *out = _wfopen(made, L"wb");
  if (!out) die("cannot write a response file", "");
  wchar_t *before = wide("");
  for (long i = 0; i < size;) {
    while (i < size && strchr(" \t\r\n", text[i])) i++;
    if (i >= size) break;
    size_t used = 0;
    char quote = 0;
    for (; i < size && (quote || !strchr(" \t\r\n", text[i])); i++) {
      char c = text[i];
      if (c == '\\' && i + 1 < size && strchr("\\\"' ", text[i + 1]))
        word[used++] = text[++i];
      else if (quote ? c == quote : (c == '"' || c == '\''))
        quote = quote ? 0 : c;
      else
        word[used++] = c;
    }
    word[used] = 0;
    wchar_t *whole = wide(word);
    char *done = translate(whole, before);
    fputc('"', out);
    for (char *c = done; *c; c++) {
      if (*c == '"' || *c == '\\') fputc('\\', out);
      fputc(*c, out);
    }
    fputs("\"\n", out);
    free(done);
    free(before);
    before = whole;
  }
  fclose(out);
  free(text);
  free(word);
  return made;
}

static char *of_windows(const wchar_t *path) {
  char *name = linux_path(path);
  if (!name) {
    char *shown = utf8(path, -1);
    die("no Unix path for", shown);
  }
  return name;
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

  int count = 0, used = 0;
  wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);
  wchar_t *out = temporary(), *err = temporary(), *in = NULL;
  wchar_t **made = must(calloc((size_t)count + 1, sizeof *made));
  char **argv = must(calloc((size_t)count + 12, sizeof *argv));
  if (_wgetenv(L"HOSTTOOL_STDIN")) collect(in = temporary());

  argv[used++] = "/bin/sh";
  argv[used++] = "-c";
  argv[used++] = "in=$1 out=$2 err=$3; cd \"$4\" || exit; tool=$5; shift 5; "
                 "command -v \"$tool-posix\" >/dev/null && tool=$tool-posix; "
                 "exec \"$tool\" \"$@\" <\"$in\" >\"$out\" 2>\"$err\"";
  argv[used++] = "hosttool";
  argv[used++] = in ? of_windows(in) : "/dev/null";
  argv[used++] = of_windows(out);
  argv[used++] = of_windows(err);
  argv[used++] = of_windows(folder);
  argv[used++] = utf8(name, -1);
  for (int i = 1; i < count; i++) {
    if (words[i][0] == '@' && (made[i] = response(words[i] + 1))) {
      char *path = of_windows(made[i]), *whole = must(calloc(1, strlen(path) + 2));
      whole[0] = '@';
      strcpy(whole + 1, path);
      argv[used++] = whole;
    } else {
      argv[used++] = translate(words[i], words[i - 1]);
    }
  }
  long code = spawn_unix(argv, 1);
  deliver(out, STD_OUTPUT_HANDLE);
  deliver(err, STD_ERROR_HANDLE);
  for (int i = 1; i < count; i++)
    if (made[i]) DeleteFileW(made[i]);
  if (in) DeleteFileW(in);
  return code < 0 || code > 255 ? 126 : (int)code;
}
