// What <filesystem> calls in the half of the STL that is linked statically: the queries, conversions
// and changes that a library of models needs. The rest (links, permissions, copying) is not here: a
// project that needs it is told so by the linker.
#include <xfilesystem_abi.h>

#include <windows.h>

static __std_win_error last_error() { return static_cast<__std_win_error>(GetLastError()); }
static __std_win_error outcome(BOOL done) { return done ? __std_win_error::_Success : last_error(); }

// A query by handle sees through symbolic links unless it is told not to.
static HANDLE opened(const wchar_t* path, DWORD rights, DWORD flags) {
  return CreateFileW(path, rights, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_EXISTING,
                     flags | FILE_FLAG_BACKUP_SEMANTICS, nullptr);
}

template <class Convert>
static __std_fs_convert_result converted(int input_length, Convert convert) {
  if (input_length == 0) return {0, __std_win_error::_Success};
  int const length = convert();
  return {length, length ? __std_win_error::_Success : last_error()};
}

extern "C" {
__std_code_page __stdcall __std_fs_code_page() noexcept {
  return AreFileApisANSI() ? __std_code_page::_Acp : static_cast<__std_code_page>(CP_OEMCP);
}
__std_fs_convert_result __stdcall __std_fs_convert_narrow_to_wide(__std_code_page page, const char* input,
                                                                  int input_length, wchar_t* output,
                                                                  int output_length) noexcept {
  return converted(input_length, [=] {
    return MultiByteToWideChar(static_cast<UINT>(page), MB_ERR_INVALID_CHARS, input, input_length, output,
                               output_length);
  });
}
__std_fs_convert_result __stdcall __std_fs_convert_wide_to_narrow(__std_code_page page, const wchar_t* input,
                                                                  int input_length, char* output,
                                                                  int output_length) noexcept {
  bool const utf8 = page == __std_code_page::_Utf8;
  BOOL replaced = FALSE;
  auto const result = converted(input_length, [=, &replaced] {
    return WideCharToMultiByte(static_cast<UINT>(page), utf8 ? WC_ERR_INVALID_CHARS : WC_NO_BEST_FIT_CHARS, input,
                               input_length, output, output_length, nullptr, utf8 ? nullptr : &replaced);
  });
  if (replaced) return {0, static_cast<__std_win_error>(ERROR_NO_UNICODE_TRANSLATION)};
  return result;
}
__std_fs_convert_result __stdcall __std_fs_convert_wide_to_narrow_replace_chars(__std_code_page page,
                                                                                const wchar_t* input,
                                                                                int input_length, char* output,
                                                                                int output_length) noexcept {
  return converted(input_length, [=] {
    return WideCharToMultiByte(static_cast<UINT>(page), 0, input, input_length, output, output_length, nullptr,
                               nullptr);
  });
}

__std_win_error __stdcall __std_fs_open_handle(__std_fs_file_handle* handle, const wchar_t* path,
                                               __std_access_rights rights, __std_fs_file_flags flags) noexcept {
  HANDLE const file = opened(path, static_cast<DWORD>(rights), static_cast<DWORD>(flags));
  *handle = static_cast<__std_fs_file_handle>(reinterpret_cast<intptr_t>(file));
  return outcome(file != INVALID_HANDLE_VALUE);
}
void __stdcall __std_fs_close_handle(__std_fs_file_handle handle) noexcept {
  if (handle != __std_fs_file_handle::_Invalid) CloseHandle(reinterpret_cast<HANDLE>(handle));
}

__std_win_error __stdcall __std_fs_get_stats(const wchar_t* path, __std_fs_stats* stats, __std_fs_stats_flags flags,
                                             __std_fs_file_attr) noexcept {
  bool const follow = (static_cast<unsigned long>(flags) & 1) != 0; // _Follow_symlinks
  HANDLE const file = opened(path, FILE_READ_ATTRIBUTES, follow ? 0 : FILE_FLAG_OPEN_REPARSE_POINT);
  if (file == INVALID_HANDLE_VALUE) return last_error();
  BY_HANDLE_FILE_INFORMATION basic{};
  FILE_ATTRIBUTE_TAG_INFO tag{};
  BOOL const done = GetFileInformationByHandle(file, &basic) &&
                    GetFileInformationByHandleEx(file, FileAttributeTagInfo, &tag, sizeof(tag));
  __std_win_error const result = outcome(done);
  CloseHandle(file);
  if (!done) return result;
  auto const wide = [](DWORD high, DWORD low) { return static_cast<unsigned long long>(high) << 32 | low; };
  stats->_Last_write_time =
      static_cast<long long>(wide(basic.ftLastWriteTime.dwHighDateTime, basic.ftLastWriteTime.dwLowDateTime));
  stats->_File_size = wide(basic.nFileSizeHigh, basic.nFileSizeLow);
  stats->_Attributes = static_cast<__std_fs_file_attr>(basic.dwFileAttributes);
  stats->_Reparse_point_tag = static_cast<__std_fs_reparse_tag>(tag.ReparseTag);
  stats->_Link_count = basic.nNumberOfLinks;
  stats->_Available = __std_fs_stats_flags::_All_data;
  return result;
}

__std_win_error __stdcall __std_fs_directory_iterator_open(const wchar_t* pattern, __std_fs_dir_handle* handle,
                                                           __std_fs_find_data* entry) noexcept {
  HANDLE const search = FindFirstFileExW(pattern, FindExInfoBasic, entry, FindExSearchNameMatch, nullptr, 0);
  *handle = static_cast<__std_fs_dir_handle>(reinterpret_cast<intptr_t>(search));
  return outcome(search != INVALID_HANDLE_VALUE);
}
__std_win_error __stdcall __std_fs_directory_iterator_advance(__std_fs_dir_handle handle,
                                                              __std_fs_find_data* entry) noexcept {
  return outcome(FindNextFileW(reinterpret_cast<HANDLE>(handle), reinterpret_cast<PWIN32_FIND_DATAW>(entry)));
}
void __stdcall __std_fs_directory_iterator_close(__std_fs_dir_handle handle) noexcept {
  if (handle != __std_fs_dir_handle::_Invalid) FindClose(reinterpret_cast<HANDLE>(handle));
}

__std_ulong_and_error __stdcall __std_fs_get_current_path(unsigned long size, wchar_t* target) noexcept {
  DWORD const length = GetCurrentDirectoryW(size, target);
  return {length, outcome(length != 0)};
}
__std_ulong_and_error __stdcall __std_fs_get_temp_path(wchar_t* target) noexcept {
  DWORD const length = GetTempPathW(__std_fs_temp_path_max, target);
  return {length, outcome(length != 0)};
}
__std_fs_create_directory_result __stdcall __std_fs_create_directory(const wchar_t* path) noexcept {
  if (CreateDirectoryW(path, nullptr)) return {true, __std_win_error::_Success};
  DWORD const error = GetLastError();
  DWORD const found = error == ERROR_ALREADY_EXISTS ? GetFileAttributesW(path) : INVALID_FILE_ATTRIBUTES;
  bool const there = found != INVALID_FILE_ATTRIBUTES && (found & FILE_ATTRIBUTE_DIRECTORY);
  return {false, there ? __std_win_error::_Success : static_cast<__std_win_error>(error)};
}
__std_fs_remove_result __stdcall __std_fs_remove(const wchar_t* path) noexcept {
  if (DeleteFileW(path) || RemoveDirectoryW(path)) return {true, __std_win_error::_Success};
  __std_win_error const error = last_error();
  return {false, __std_is_file_not_found(error) ? __std_win_error::_Success : error};
}
__std_win_error __stdcall __std_fs_rename(const wchar_t* from, const wchar_t* to) noexcept {
  return outcome(MoveFileExW(from, to, MOVEFILE_COPY_ALLOWED | MOVEFILE_REPLACE_EXISTING));
}
}
