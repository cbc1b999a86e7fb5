namespace FaceGen;

/// <summary>Represents the balance of an account's wallet.</summary>
public sealed record AccountBalance
{
    /// <summary>Gets the amount; negative for a debt.</summary>
    public required decimal Balance { get; init; }

    /// <summary>Gets the currency, such as USD; null if the service does not return it.</summary>
    public string? Currency { get; init; }

    /// <summary>Gets the name of the connection to the account.</summary>
    public string? Connection { get; init; }

    /// <summary>Returns the amount and the currency.</summary>
    public override string ToString() => FormattableString.Invariant($"{Balance} {Currency}").TrimEnd();
}
