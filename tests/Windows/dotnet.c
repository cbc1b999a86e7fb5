/* dotnet.exe for Wine, because no package of NuGet has the one of .NET: calls hostfxr in the folder of this program. VERSION is .NET's. */
#include <windows.h>
#include <wchar.h>

int wmain(int argc, wchar_t **argv)
{
    wchar_t path[MAX_PATH];
    GetModuleFileNameW(NULL, path, MAX_PATH);
    wcscpy(wcsrchr(path, L'\\'), L"\\host\\fxr\\" VERSION L"\\hostfxr.dll");

    HMODULE library = LoadLibraryW(path);
    if (library == NULL) return 1;

    int (*run)(int, wchar_t **) = (int (*)(int, wchar_t **))(void *)GetProcAddress(library, "hostfxr_main");
    return run(argc, argv);
}
