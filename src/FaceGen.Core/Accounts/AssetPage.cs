namespace FaceGen.Accounts;

/// <summary>A page of the account's list of finished generations.</summary>
/// <param name="Generations">The generations: their ids and images; more only of those that are pending in this process.</param>
/// <param name="Count">The number of entries of the page, also of those without an id.</param>
/// <param name="Total">The number of generations in the list; null if the service does not return it.</param>
/// <param name="LastPage">The number of the last page; null if the service does not return it.</param>
internal sealed record AssetPage(IReadOnlyList<Generation> Generations, int Count, double? Total, double? LastPage);
