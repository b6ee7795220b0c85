// Starts a Windows program in the lab and writes down how it ended.
//
// A Unix process has eight bits of exit code and Windows thirty-two: 0xC0000005 would come out of
// Wine as 5. Usage: launch.exe REPORT PROGRAM [ARGUMENT...]. Everything after REPORT is handed on
// as it stands. REPORT receives "exit N", or "start N" with the error of CreateProcess.
#define _WIN32_WINNT 0x0A00
#include <windows.h>

// Returns what follows the first word of a command line (quotes keep spaces together).
static wchar_t *after_word(wchar_t *text) {
  int quoted = 0;
  for (; *text && (quoted || (*text != L' ' && *text != L'\t')); text++)
    if (*text == L'"') quoted = !quoted;
  while (*text == L' ' || *text == L'\t') *text++ = 0;
  return text;
}

static void unquote(wchar_t *text) {
  wchar_t *to = text;
  for (; *text; text++)
    if (*text != L'"') *to++ = *text;
  *to = 0;
}

static void report(const wchar_t *path, const char *word, DWORD number) {
  char text[32];
  DWORD written, length = (DWORD)wsprintfA(text, "%s %lu\n", word, number);
  HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return;
  WriteFile(file, text, length, &written, NULL);
  CloseHandle(file);
}

// Opens the desktop from here. The first to use one starts Wine's explorer.exe, which keeps the
// pipes that it inherits: those of a program's child would never end for who reads them.
static void open_desktop(const wchar_t *name) {
  HDESK desktop = CreateDesktopW(name, NULL, NULL, 0, GENERIC_ALL, NULL);
  if (desktop && SetThreadDesktop(desktop)) GetDesktopWindow();
}

int main(void) {
  wchar_t *path = after_word(GetCommandLineW());
  wchar_t *command = after_word(path);
  STARTUPINFOW start = {.cb = sizeof start, .dwFlags = STARTF_USESTDHANDLES};
  PROCESS_INFORMATION child;
  wchar_t desktop[64];
  DWORD code = 0;
  unquote(path);
  report(path, "begin", 0);
  start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
  start.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
  start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
  // Wine binds a desktop to the display of whoever opened it first, for as long as it is open: a
  // program that needs a display gets a desktop that nobody else has.
  if (GetEnvironmentVariableW(L"MLCBUILD_LAB_DESKTOP", desktop, 64)) {
    start.lpDesktop = desktop;
    open_desktop(desktop);
  }
  // The child inherits this: a fault ends it at once, without a box to click or a debugger.
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
  if (!CreateProcessW(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &start, &child)) {
    report(path, "start", GetLastError());
    return 1;
  }
  // Not held while waiting: a pipe ends for its reader when the child closes it.
  CloseHandle(start.hStdInput);
  CloseHandle(start.hStdOutput);
  CloseHandle(start.hStdError);
  WaitForSingleObject(child.hProcess, INFINITE);
  GetExitCodeProcess(child.hProcess, &code);
  report(path, "exit", code);
  return 0;
}
