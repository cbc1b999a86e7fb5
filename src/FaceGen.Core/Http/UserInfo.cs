using System.Text.RegularExpressions;

namespace FaceGen.Http;

/// <summary>
/// Removes users and passwords from addresses in a text. Errors of frameworks and servers repeat whole addresses, such as a proxy's
/// address with its password.
/// </summary>
internal static class UserInfo
{
    /// <summary>
    /// Matches from the scheme to the last @ of the authority; or of the word, if a password has an unescaped slash, so that the first
    /// colon is not followed by a port.
    /// </summary>
    private static readonly Regex UserInfoInAddress = new(
        @"(?<=[a-z][a-z0-9+.\-]{0,30}:[/\\]{2})(?:[^\s/\\?#'""<>:@\[\]]*:(?!\d{1,5}(?![^\s/\\?#'""<>),.]))[^\s<>]*@|[^\s/\\?#<>]*@)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>Returns a text without users and passwords in its addresses.</summary>
    internal static string Remove(string text) => text.Contains('@') && text.Contains(':') ? UserInfoInAddress.Replace(text, "") : text;

    /// <summary>
    /// Returns an exception that is safe to display with its inner exceptions. If one of them contains a user or a password, the result
    /// is an exception with the type's name and the redacted message.
    /// </summary>
    internal static Exception? Remove(Exception? exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (Remove(e.Message) != e.Message) return new RedactedException($"{exception!.GetType()}: {Remove(exception.GetBaseException().Message)}");
        }

        return exception;
    }

    private sealed class RedactedException(string message) : Exception(message);
}
