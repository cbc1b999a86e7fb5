using System.Text.RegularExpressions;

namespace FaceGen.Http;

/// <summary>
/// Removes users and passwords from the addresses in a text. Frameworks and servers repeat whole addresses in their errors, as
/// the one of a proxy that the environment names with its password.
/// </summary>
internal static class UserInfo
{
    /// <summary>
    /// What stands between the scheme and the last @ of the host's part; or, where a password has a slash that is not escaped, of
    /// the word: no port follows the first colon then.
    /// </summary>
    private static readonly Regex UserInfoInAddress = new(
        @"(?<=[a-z][a-z0-9+.\-]{0,30}:[/\\]{2})(?:[^\s/\\?#'""<>:@\[\]]*:(?!\d{1,5}(?![^\s/\\?#'""<>),.]))[^\s<>]*@|[^\s/\\?#<>]*@)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>Returns a text whose addresses name no user and no password.</summary>
    internal static string Remove(string text) => text.Contains('@') && text.Contains(':') ? UserInfoInAddress.Replace(text, "") : text;

    /// <summary>
    /// Returns an exception that can be shown with all its inner ones; one that holds a user or a password is replaced by its
    /// type and its text without them.
    /// </summary>
    internal static Exception? Remove(Exception? exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (Remove(e.Message) != e.Message) return new RedactedException($"{exception!.GetType()}: {Remove(GetInnermost(exception).Message)}");
        }

        return exception;
    }

    private static Exception GetInnermost(Exception e) => e.InnerException is { } inner ? GetInnermost(inner) : e;

    private sealed class RedactedException(string message) : Exception(message);
}
