namespace FaceGen;

/// <summary>What the account's wallet holds.</summary>
public sealed record AccountBalance
{
    /// <summary>The amount; a debt is below zero.</summary>
    public required decimal Balance { get; init; }

    /// <summary>The currency, such as USD; null where the service does not tell it.</summary>
    public string? Currency { get; init; }

    /// <summary>The amount and the currency.</summary>
    public override string ToString() => FormattableString.Invariant($"{Balance} {Currency}").TrimEnd();
}
